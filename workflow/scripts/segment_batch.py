"""Compute lesion probabilities of one batch of participants."""

from ichdag.arrays import write_store
from ichdag.jobs import files_under, start_job_log
from ichdag.records import read_record
from ichdag.segmentation.inference import InferenceSettings, segment_batch
from ichdag.training import find_device

start_job_log(snakemake)
device = find_device(snakemake.threads)
grids = files_under(snakemake.input, "grids/")
networks, settings = read_record(snakemake.input.networks), InferenceSettings(**snakemake.params.settings)
probabilities = segment_batch(grids, networks=networks, settings=settings, device=device)
write_store(snakemake.output.probabilities, probabilities)
