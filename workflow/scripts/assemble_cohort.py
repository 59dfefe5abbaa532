"""Assemble the cohort table of one role."""

from ichdag.cohort.assembly import assemble
from ichdag.jobs import start
from ichdag.tables import read_table, write_table

start(snakemake)
found = {name: read_table(snakemake.input[name], name) for name in ("scans", "volumes", "features")}
outcomes, source = snakemake.params.outcomes, snakemake.params.source
table = assemble(snakemake.params.rows, **found, outcomes=outcomes, source=source)
write_table(table, snakemake.output.cohort, "participants")
