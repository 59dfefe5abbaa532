"""Reconstruct a few external patches, and generate new ones from the latent space, as examples."""

from itertools import islice

from ichdag.arrays import write_store
from ichdag.jobs import start_job_log
from ichdag.latent.extraction import load_autoencoder, reconstruct, sample_latent, stored_patches
from ichdag.training import find_device

start_job_log(snakemake)
files, params, device = snakemake.input, snakemake.params, find_device(snakemake.threads)
autoencoder = load_autoencoder(files.weights, device=device)
shared = {"autoencoder": autoencoder, "examples": params.examples, "device": device}
write_store(snakemake.output.reconstructions, reconstruct(files.patches, **shared))
seen = [patch for _, patch in islice(stored_patches(files.patches), params.examples)]
write_store(snakemake.output.imagined, sample_latent(seen, seed=params.seed, **shared))
