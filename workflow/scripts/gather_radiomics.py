"""Gather the radiomic features of one role in one table."""

import pandas as pd

from ichdag.jobs import start
from ichdag.records import read_record
from ichdag.tables import write_table

start(snakemake)
records = [read_record(path) for path in snakemake.input.records]
rows = [{"subject": item["subject"], "status": item["status"], "reason": item["reason"]} for item in records]
values = pd.DataFrame([item["features"] for item in records], index=range(len(records)))
table = pd.concat([pd.DataFrame(rows, columns=["subject", "status", "reason"]), values], axis=1)
write_table(table, snakemake.output.features, "features")
