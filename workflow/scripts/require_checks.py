"""Refuse a study in which a check against leakage failed."""

from ichdag.checks import require
from ichdag.checks.schemas import CHECKS
from ichdag.jobs import start_job_log
from ichdag.records import write_record
from ichdag.tables import read_table

start_job_log(snakemake)
write_record(require(read_table(snakemake.input.checks, CHECKS)), snakemake.output.passed)
