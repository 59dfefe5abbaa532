"""Check the quality of one participant's scans."""

from ichdag.cohort.quality import QualitySettings
from ichdag.cohort.scans import examine
from ichdag.constants import TIMEPOINTS
from ichdag.images import read_expected, read_scan
from ichdag.jobs import start_job_log
from ichdag.records import read_record_of, write_record

start_job_log(snakemake)
settings = QualitySettings(**snakemake.params.settings)
subject = snakemake.wildcards.subject
converted, record = read_record_of(subject, snakemake.input.record), {"subject": subject}
for time in TIMEPOINTS:
    there = "ct" not in converted[time]["absent"]
    scan = read_expected(snakemake.input[f"{time}_ct"], there=there, read=read_scan)
    record[time] = examine(scan, converted=converted[time], settings=settings)
write_record(record, snakemake.output.record)
