"""Assemble the cohort table of one role."""

from ichdag.cohort.assembly import assemble
from ichdag.cohort.schemas import PARTICIPANTS, SCANS
from ichdag.jobs import start_job_log
from ichdag.latent.schemas import LATENTS
from ichdag.radiomics.schemas import FEATURES
from ichdag.segmentation.schemas import VOLUMES
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
found = {
    schema.name: read_table(snakemake.input[schema.name], schema) for schema in (SCANS, VOLUMES, FEATURES, LATENTS)
}
outcomes, source = snakemake.params.outcomes, snakemake.params.source
table = assemble(list(snakemake.params.rows.values()), **found, outcomes=outcomes, source=source)
write_table(table, snakemake.output.cohort, PARTICIPANTS)
