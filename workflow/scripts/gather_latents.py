"""Gather the latent features of a cohort in one store of links to the batches, and say whose cannot be used."""

from ichdag.arrays import link_stores
from ichdag.jobs import start
from ichdag.latent.judgment import judge_latents, refuse_broken_encoder
from ichdag.latent.schemas import LATENTS
from ichdag.tables import write_table

start(snakemake)
link_stores(snakemake.output.latents, snakemake.input.batches)
judged = judge_latents(snakemake.input.batches)
refuse_broken_encoder(judged)
write_table(judged, snakemake.output.judged, LATENTS)
