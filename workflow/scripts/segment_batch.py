"""Compute lesion probabilities of one batch of participants."""

from ichdag.arrays import write_store
from ichdag.jobs import files_of, start
from ichdag.records import read_record
from ichdag.segmentation.inference import InferenceSettings, segment_batch
from ichdag.training import find_device

start(snakemake)
device = find_device(snakemake.threads)
grids = files_of(snakemake.input, "grids/")
networks, settings = read_record(snakemake.input.networks), InferenceSettings(**snakemake.params.settings)
probabilities = segment_batch(grids, networks=networks, settings=settings, device=device)
write_store(snakemake.output.probabilities, probabilities)
