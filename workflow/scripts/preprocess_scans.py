"""Resample the usable scans of one participant to the grids of the networks."""

from ichdag.arrays import write_arrays
from ichdag.images import read_expected, read_mask, read_scan
from ichdag.jobs import start_job_log
from ichdag.preprocessing.network_grids import PreprocessingSettings, make_grids
from ichdag.records import read_record_as
from ichdag.scan_records import ScanRecord

start_job_log(snakemake)
settings = PreprocessingSettings(**snakemake.params.settings)
files = snakemake.input
record = read_record_as(ScanRecord, files.record, subject=snakemake.wildcards.subject)
arrays = {}
for timepoint, checked in record.scans.items():
    if checked.status == "included":
        scan = read_expected(files[f"{timepoint}_ct"], present=True, read=read_scan)
        mask = read_expected(files[f"{timepoint}_mask"], present="mask" not in checked.absent, read=read_mask)
        grids = make_grids(scan, mask=mask, settings=settings)
        arrays |= {f"{timepoint}_{name}": values for name, values in grids.items()}
write_arrays(snakemake.output.grids, **arrays)
