"""Bring the masks of one participant back to the scans' own grids and score them."""

from ichdag.jobs import start_job_log
from ichdag.records import read_record, read_record_as, write_record
from ichdag.scan_records import ScanRecord
from ichdag.segmentation.native_grid import MaskSettings
from ichdag.segmentation.native_masks import write_native_masks

start_job_log(snakemake)
params, subject = snakemake.params, snakemake.wildcards.subject
cleanup = read_record(snakemake.input.cleanup)
record = write_native_masks(
    subject,
    files=dict(snakemake.input.items()),
    masks_to={"baseline": snakemake.output.baseline, "followup": snakemake.output.followup},
    scans=read_record_as(ScanRecord, snakemake.input.record, subject=subject),
    networks=read_record(snakemake.input.networks),
    settings=MaskSettings(cleanup["threshold"], cleanup["min_component_ml"]),
    min_lesion_ml=params.min_lesion_ml,
    source=params.masks,
)
write_record(record, snakemake.output.scores)
