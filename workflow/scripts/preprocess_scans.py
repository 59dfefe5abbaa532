"""Sample the usable scans of one participant on the networks' grids."""

from ichdag.arrays import write_arrays
from ichdag.images import is_absent, read_mask, read_scan
from ichdag.jobs import start
from ichdag.names import TIMEPOINTS
from ichdag.preprocessing import Settings, make_grids
from ichdag.records import read_record

start(snakemake)
settings = Settings(**snakemake.params.settings)
files, record = snakemake.input, read_record(snakemake.input.record)
arrays = {}
for time in TIMEPOINTS:
    if record[time]["status"] == "included":
        mask = None if is_absent(files[f"{time}_mask"]) else read_mask(files[f"{time}_mask"])
        grids = make_grids(read_scan(files[f"{time}_ct"]), mask=mask, settings=settings)
        arrays |= {f"{time}_{name}": values for name, values in grids.items()}
write_arrays(snakemake.output.grids, **arrays)
