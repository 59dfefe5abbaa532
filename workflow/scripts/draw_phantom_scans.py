"""Draw the scans and masks of one synthetic participant."""

from ichdag.jobs import start
from ichdag.phantom import Settings
from ichdag.phantom.scanner import write_scans
from ichdag.records import read_record

start(snakemake)
truth = read_record(snakemake.input.truth)[snakemake.wildcards.subject]
write_scans(truth, dict(snakemake.output.items()), settings=Settings(**snakemake.params.settings))
