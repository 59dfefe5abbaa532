"""List the scans of one role, and what each check found."""

from ichdag.cohort.scans import list_checks, list_scans
from ichdag.cohort.schemas import SCAN_CHECKS, SCANS
from ichdag.jobs import files_under, start_job_log
from ichdag.records import read_records
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
records = read_records(files_under(snakemake.input, "sub-"))
others = read_table(snakemake.input.others, SCANS) if snakemake.input.others else None
write_table(list_scans(records, others=others), snakemake.output.scans, SCANS)
write_table(list_checks(records), snakemake.output.checks, SCAN_CHECKS)
