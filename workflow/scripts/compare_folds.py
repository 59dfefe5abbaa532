"""Compare AUCs with the reference feature set over folds."""

from ichdag.evaluation.schemas import METRICS
from ichdag.jobs import start_job_log
from ichdag.statistics import compare_folds
from ichdag.statistics.schemas import NADEAU_BENGIO
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
metrics = read_table(snakemake.input.metrics, METRICS)
table = compare_folds(metrics, **snakemake.params.settings)
write_table(table, snakemake.output.nadeau_bengio, NADEAU_BENGIO)
