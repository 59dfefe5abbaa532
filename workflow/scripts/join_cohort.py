"""Join the cohort tables of all roles, count the flow of participants, and sum up the checks of their scans."""

import pandas as pd

from ichdag.cohort.assembly import count_flow
from ichdag.cohort.scans import sum_up_checks
from ichdag.cohort.schemas import FLOW, PARTICIPANTS, QUALITY, SCAN_CHECKS
from ichdag.jobs import start_job_log
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
table = pd.concat([read_table(path, PARTICIPANTS) for path in snakemake.input.cohorts], ignore_index=True)
write_table(table, snakemake.output.participants, PARTICIPANTS)
write_table(count_flow(table, outcomes=snakemake.params.outcomes), snakemake.output.flow, FLOW)
checks = pd.concat([read_table(path, SCAN_CHECKS) for path in snakemake.input.checks], ignore_index=True)
write_table(sum_up_checks(checks, table), snakemake.output.quality, QUALITY)
