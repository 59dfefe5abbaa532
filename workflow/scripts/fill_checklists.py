"""Fill the reporting checklists with what this study ran and found."""

from pathlib import Path

from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.evaluation.schemas import METRICS
from ichdag.jobs import start
from ichdag.report.checklists import facts_of, fill
from ichdag.report.schemas import CHECKLISTS
from ichdag.tables import read_table, write_table

start(snakemake)
participants = read_table(snakemake.input.participants, PARTICIPANTS)
metrics = read_table(snakemake.input.metrics, METRICS)
facts = facts_of(snakemake.params.settings, participants=participants, metrics=metrics)
for path, filled in zip(snakemake.input.questions, snakemake.output, strict=True):
    schema = CHECKLISTS[Path(path).stem]
    write_table(fill(read_table(path, schema), facts=facts), filled, schema)
