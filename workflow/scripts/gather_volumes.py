"""Gather the predicted volumes of one role."""

import pandas as pd

from ichdag.jobs import start
from ichdag.records import read_record
from ichdag.schemas import SCHEMAS
from ichdag.tables import write_table

start(snakemake)
columns = [column.name for column in SCHEMAS["volumes"]]
table = pd.DataFrame([read_record(path) for path in snakemake.input.scores], columns=columns)
write_table(table, snakemake.output.volumes, "volumes")
