"""List the scans of one role."""

import pandas as pd

from ichdag.jobs import start
from ichdag.records import read_record
from ichdag.schemas import SCHEMAS, TIMEPOINTS
from ichdag.tables import write_table

start(snakemake)
records = [read_record(path) for path in snakemake.input.records]
rows = [{"subject": record["subject"], "timepoint": time} | record[time] for record in records for time in TIMEPOINTS]
columns = [column.name for column in SCHEMAS["scans"]]
write_table(pd.DataFrame(rows, columns=columns), snakemake.output.scans, "scans")
