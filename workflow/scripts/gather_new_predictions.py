"""Gather the predictions of all new patients in one table."""

import pandas as pd

from ichdag.jobs import files_under, start_job_log
from ichdag.prediction.schemas import NEW_PREDICTIONS
from ichdag.records import read_records
from ichdag.tables import write_table

start_job_log(snakemake)
columns = ["subject", "status", "reason", "baseline_volume_ml", *snakemake.params.outcomes]
table = pd.DataFrame(read_records(files_under(snakemake.input, "sub-")), columns=columns)
write_table(table, snakemake.output.predictions, NEW_PREDICTIONS)
