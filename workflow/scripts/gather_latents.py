"""Gather the latent features of a cohort in one store, one participant in memory at a time."""

from itertools import chain

from ichdag.arrays import read_store, write_store
from ichdag.jobs import start

start(snakemake)
write_store(snakemake.output.latents, chain.from_iterable(map(read_store, snakemake.input.batches)))
