"""Gather the latent features of a cohort in one store of links to the batches, which hold them once."""

from ichdag.arrays import link_stores
from ichdag.jobs import start

start(snakemake)
link_stores(snakemake.output.latents, snakemake.input.batches)
