"""Reconstruct a few external patches, to look at."""

from ichdag.arrays import write_store
from ichdag.jobs import start
from ichdag.latent.extraction import load_autoencoder, reconstruct
from ichdag.training import find_device

start(snakemake)
device = find_device(snakemake.threads)
autoencoder = load_autoencoder(snakemake.input.card, weights=snakemake.input.weights, device=device)
pairs = reconstruct(snakemake.input.patches, autoencoder=autoencoder, examples=snakemake.params.examples, device=device)
write_store(snakemake.output.reconstructions, pairs)
