"""Fill the reporting checklists with what this study ran and found."""

from ichdag.jobs import start
from ichdag.report.checklists import TITLES, facts_of, fill
from ichdag.tables import read_table, write_table

start(snakemake)
participants = read_table(snakemake.input.participants, "participants")
metrics = read_table(snakemake.input.metrics, "metrics")
facts = facts_of(snakemake.params.settings, participants=participants, metrics=metrics)
for name in TITLES:
    write_table(fill(read_table(snakemake.input[name], name), facts=facts), snakemake.output[name], name)
