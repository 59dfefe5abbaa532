"""List in which store the patch of each participant would be."""

from ichdag.jobs import files_under, start_job_log
from ichdag.records import write_record

start_job_log(snakemake)
stores, members = files_under(snakemake.input, "batch/"), snakemake.params.members
write_record({one: path for batch, path in stores.items() for one in members[batch]}, snakemake.output.stores)
