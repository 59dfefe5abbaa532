"""Reduce one block of the external participants with the final reduction."""

from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.features import reduce_block
from ichdag.features.blocks import read_block
from ichdag.features.schemas import REDUCED
from ichdag.features.subjects import included
from ichdag.jobs import start_job_log
from ichdag.models import read_card
from ichdag.pipelines import read_pipeline
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
cohort = read_table(snakemake.input.cohort, PARTICIPANTS)
block = read_block(snakemake.input.values, name=snakemake.wildcards.block, subjects=included(cohort))
reducer = read_pipeline(snakemake.input.pipeline)
reduced = reduce_block(block, reducer=reducer, limits=read_card(snakemake.input.card).limits)
write_table(reduced, snakemake.output.reduced, REDUCED)
