"""Test whether AUCs are normally distributed."""

from ichdag.jobs import start
from ichdag.statistics import Settings, check_normality
from ichdag.tables import read_table, write_table

start(snakemake)
settings = Settings(**snakemake.params.settings)
metrics = read_table(snakemake.input.metrics, "metrics")
table = check_normality(metrics, settings=settings)
write_table(table, snakemake.output.shapiro, "shapiro")
