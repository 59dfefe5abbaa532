"""Fill the reporting checklists with what this study ran and found."""

from pathlib import Path

from ichdag.jobs import start
from ichdag.report.checklists import facts_of, fill
from ichdag.tables import read_table, write_table

start(snakemake)
participants = read_table(snakemake.input.participants, "participants")
metrics = read_table(snakemake.input.metrics, "metrics")
facts = facts_of(snakemake.params.settings, participants=participants, metrics=metrics)
for path, filled in zip(snakemake.input.questions, snakemake.output, strict=True):
    name = Path(path).stem
    write_table(fill(read_table(path, name), facts=facts), filled, name)
