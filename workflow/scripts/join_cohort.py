"""Join the cohort tables of all roles and count the flow of participants."""

import pandas as pd

from ichdag.cohort.assembly import count_flow
from ichdag.jobs import start
from ichdag.tables import read_table, write_table

start(snakemake)
table = pd.concat([read_table(path, "participants") for path in snakemake.input.cohorts], ignore_index=True)
write_table(table, snakemake.output.participants, "participants")
write_table(count_flow(table, outcomes=snakemake.params.outcomes), snakemake.output.flow, "flow")
