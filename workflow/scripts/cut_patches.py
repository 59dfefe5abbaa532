"""Cut the lesion patches of a batch of participants."""

from ichdag.arrays import write_store
from ichdag.jobs import start
from ichdag.latent.patches import PatchSettings, cut_batch

start(snakemake)
files = zip(snakemake.params.subjects, snakemake.input.scans, snakemake.input.masks, strict=True)
write_store(snakemake.output.patches, cut_batch(files, settings=PatchSettings(**snakemake.params.settings)))
