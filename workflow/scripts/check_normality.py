"""Test whether AUCs are normally distributed."""

from ichdag.evaluation.schemas import METRICS
from ichdag.jobs import start_job_log
from ichdag.statistics import check_normality
from ichdag.statistics.schemas import SHAPIRO
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
metrics = read_table(snakemake.input.metrics, METRICS)
table = check_normality(metrics, **snakemake.params.settings)
write_table(table, snakemake.output.shapiro, SHAPIRO)
