"""List in which store the patch of each participant would be."""

from ichdag.jobs import files_of, start
from ichdag.records import write_record

start(snakemake)
stores, members = files_of(snakemake.input, "batch/"), snakemake.params.members
write_record({one: path for batch, path in stores.items() for one in members[batch]}, snakemake.output.stores)
