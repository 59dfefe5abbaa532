"""Compare AUCs with the reference feature set over folds."""

from ichdag.jobs import start
from ichdag.statistics import Settings, compare_folds
from ichdag.tables import read_table, write_table

start(snakemake)
settings = Settings(**snakemake.params.settings)
metrics = read_table(snakemake.input.metrics, "metrics")
table = compare_folds(metrics, settings=settings)
write_table(table, snakemake.output.nadeau_bengio, "nadeau_bengio")
