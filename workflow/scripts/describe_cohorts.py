"""Describe the development cohort beside each external cohort."""

from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.jobs import start_job_log
from ichdag.statistics import describe_cohorts
from ichdag.statistics.schemas import TABLE1
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
params = snakemake.params
participants = read_table(snakemake.input.participants, PARTICIPANTS)
table = describe_cohorts(participants, outcomes=list(params.outcomes), **params.settings)
write_table(table, snakemake.output.table1, TABLE1)
