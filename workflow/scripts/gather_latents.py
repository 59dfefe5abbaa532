"""Gather the latent features of a cohort in one store of links to the batches, and say whose cannot be used."""

from ichdag.arrays import link_stores
from ichdag.jobs import start_job_log
from ichdag.latent.exclusion import check_encoder, latent_status
from ichdag.latent.schemas import LATENTS
from ichdag.tables import write_table

start_job_log(snakemake)
link_stores(snakemake.output.latents, snakemake.input.batches)
status = latent_status(snakemake.input.batches)
check_encoder(status)
write_table(status, snakemake.output.judged, LATENTS)
