"""Assemble the cohort table of one role."""

from ichdag.cohort.participants_table import build_participants_table
from ichdag.cohort.schemas import PARTICIPANTS, SCANS
from ichdag.jobs import start_job_log
from ichdag.latent.schemas import LATENTS
from ichdag.radiomics.schemas import FEATURES
from ichdag.segmentation.schemas import VOLUMES
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
tables = {
    schema.name: read_table(snakemake.input[schema.name], schema) for schema in (SCANS, VOLUMES, FEATURES, LATENTS)
}
outcomes, source = snakemake.params.outcomes, snakemake.params.source
table = build_participants_table(list(snakemake.params.rows.values()), **tables, outcomes=outcomes, source=source)
write_table(table, snakemake.output.cohort, PARTICIPANTS)
