"""Gather the radiomic features of all participants of one role in a table."""

import pandas as pd

from ichdag.jobs import files_under, start_job_log
from ichdag.radiomics.schemas import FEATURES
from ichdag.records import count_reasons, read_records
from ichdag.tables import write_table

start_job_log(snakemake)
records = read_records(files_under(snakemake.input, "sub-"))
names = ["subject", "status", "reason", "missing"]
rows = [item | {"missing": count_reasons(item["missing"])} for item in records]
values = pd.DataFrame([item["features"] for item in records], index=range(len(records)), dtype="float64")
table = pd.concat([pd.DataFrame(rows, columns=names), values], axis=1)
write_table(table, snakemake.output.features, FEATURES)
