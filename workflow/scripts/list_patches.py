"""List in which store the patch of each participant would be."""

from ichdag.jobs import start
from ichdag.records import write_record

start(snakemake)
batches = zip(snakemake.input.patches, snakemake.params.members, strict=True)
write_record({subject: path for path, members in batches for subject in members}, snakemake.output.stores)
