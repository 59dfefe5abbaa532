"""Check the scans and manual masks of one participant."""

from ichdag.cohort.scans import Settings, examine
from ichdag.jobs import start
from ichdag.records import write_record
from ichdag.schemas import TIMEPOINTS

start(snakemake)
settings = Settings(**snakemake.params.settings)
files = dict(snakemake.input.items())
record = {
    time: examine(files.get(f"{time}_ct"), mask=files.get(f"{time}_mask"), settings=settings) for time in TIMEPOINTS
}
write_record({"subject": snakemake.wildcards.subject} | record, snakemake.output.record)
