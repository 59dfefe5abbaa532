"""Check the quality of one participant's scans."""

from ichdag.cohort.quality import QualitySettings
from ichdag.cohort.scans import check_scan
from ichdag.images import read_expected, read_scan
from ichdag.jobs import start_job_log
from ichdag.records import read_record_as, write_record
from ichdag.scan_records import ConversionRecord, ScanRecord

start_job_log(snakemake)
settings = QualitySettings(**snakemake.params.settings)
subject = snakemake.wildcards.subject
conversion = read_record_as(ConversionRecord, snakemake.input.record, subject=subject)
checked = {}
for timepoint, converted in conversion.scans.items():
    scan = read_expected(snakemake.input[f"{timepoint}_ct"], present="ct" not in converted.absent, read=read_scan)
    checked[timepoint] = check_scan(scan, converted=converted, settings=settings)
write_record(ScanRecord(subject, **checked), snakemake.output.record)
