"""Fill the reporting checklists with what this study ran and found."""

from ichdag.jobs import start
from ichdag.report.checklists import facts_of, fill
from ichdag.shipped import shipped
from ichdag.tables import read_table, write_table

start(snakemake)
participants = read_table(snakemake.input.participants, "participants")
metrics = read_table(snakemake.input.metrics, "metrics")
facts = facts_of(snakemake.params.settings, participants=participants, metrics=metrics)
for path in map(shipped, snakemake.params.questions):
    write_table(fill(read_table(path, path.stem), facts=facts), snakemake.output[path.stem], path.stem)
