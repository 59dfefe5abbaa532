"""List the scans of one role, and what each check found."""

from ichdag.cohort.scans import list_checks, list_scans
from ichdag.cohort.schemas import SCAN_CHECKS, SCANS
from ichdag.jobs import files_under, start_job_log
from ichdag.records import read_record_as
from ichdag.scan_records import ScanRecord
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
files = files_under(snakemake.input, "sub-")
records = [read_record_as(ScanRecord, path, subject=subject) for subject, path in files.items()]
others = read_table(snakemake.input.others, SCANS) if snakemake.input.others else None
write_table(list_scans(records, others=others), snakemake.output.scans, SCANS)
write_table(list_checks(records), snakemake.output.checks, SCAN_CHECKS)
