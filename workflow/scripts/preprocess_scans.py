"""Resample the usable scans of one participant to the grids of the networks."""

from ichdag.arrays import write_arrays
from ichdag.constants import TIMEPOINTS
from ichdag.images import read_expected, read_mask, read_scan
from ichdag.jobs import start_job_log
from ichdag.preprocessing.network_grids import PreprocessingSettings, make_grids
from ichdag.records import read_record_of

start_job_log(snakemake)
settings = PreprocessingSettings(**snakemake.params.settings)
files, record = snakemake.input, read_record_of(snakemake.wildcards.subject, snakemake.input.record)
arrays = {}
for time in TIMEPOINTS:
    if record[time]["status"] == "included":
        scan = read_expected(files[f"{time}_ct"], there=True, read=read_scan)
        there = "mask" not in record[time]["absent"]
        mask = read_expected(files[f"{time}_mask"], there=there, read=read_mask)
        grids = make_grids(scan, mask=mask, settings=settings)
        arrays |= {f"{time}_{name}": values for name, values in grids.items()}
write_arrays(snakemake.output.grids, **arrays)
