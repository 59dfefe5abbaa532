"""Describe the development cohort beside each external cohort."""

from ichdag.jobs import start
from ichdag.statistics import Settings, describe_cohorts
from ichdag.tables import read_table, write_table

start(snakemake)
settings = Settings(**snakemake.params.settings)
participants = read_table(snakemake.input.participants, "participants")
table = describe_cohorts(participants, outcomes=list(snakemake.params.outcomes), settings=settings)
write_table(table, snakemake.output.table1, "table1")
