"""List the grids of one role."""

import pandas as pd

from ichdag.jobs import start
from ichdag.records import read_record
from ichdag.schemas import TIMEPOINTS
from ichdag.tables import write_table

start(snakemake)
rows = []
for record, path in zip(map(read_record, snakemake.input.records), snakemake.input.grids, strict=True):
    for time in TIMEPOINTS:
        if record[time]["status"] == "included":
            manual = "no" if record[time]["manual_volume_ml"] is None else "yes"
            rows.append({"subject": record["subject"], "timepoint": time, "path": path, "manual": manual})
write_table(pd.DataFrame(rows, columns=["subject", "timepoint", "path", "manual"]), snakemake.output.grids, "grids")
