"""Cut the lesion patches of a batch of participants."""

from ichdag.arrays import write_store
from ichdag.jobs import files_under, start_job_log
from ichdag.latent.patches import PatchSettings, cut_batch

start_job_log(snakemake)
masks = files_under(snakemake.input, "mask/")
files = [(subject, scan, masks[subject]) for subject, scan in files_under(snakemake.input, "scan/").items()]
write_store(snakemake.output.patches, cut_batch(files, settings=PatchSettings(**snakemake.params.settings)))
