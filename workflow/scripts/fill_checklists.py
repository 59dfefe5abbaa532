"""Fill the reporting checklists with what this study ran and found."""

from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.evaluation.schemas import METRICS
from ichdag.jobs import start
from ichdag.report.checklists import facts_of, fill
from ichdag.report.schemas import CHECKLISTS
from ichdag.shipped import shipped
from ichdag.tables import read_table, write_table

start(snakemake)
participants = read_table(snakemake.input.participants, PARTICIPANTS)
metrics = read_table(snakemake.input.metrics, METRICS)
facts = facts_of(snakemake.params.settings, participants=participants, metrics=metrics)
for path in map(shipped, snakemake.params.questions):
    schema = CHECKLISTS[path.stem]
    write_table(fill(read_table(path, schema), facts=facts), snakemake.output[path.stem], schema)
