"""Compare AUCs with the reference feature set over folds."""

from ichdag.evaluation.schemas import METRICS
from ichdag.jobs import start
from ichdag.statistics import Settings, compare_folds
from ichdag.statistics.schemas import NADEAU_BENGIO
from ichdag.tables import read_table, write_table

start(snakemake)
settings = Settings(**snakemake.params.settings)
metrics = read_table(snakemake.input.metrics, METRICS)
table = compare_folds(metrics, settings=settings)
write_table(table, snakemake.output.nadeau_bengio, NADEAU_BENGIO)
