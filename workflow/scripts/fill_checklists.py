"""Fill the reporting checklists with what this study ran and found."""

from ichdag.bundled_files import bundled_path
from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.evaluation.schemas import METRICS
from ichdag.jobs import start_job_log
from ichdag.records import read_record
from ichdag.report.checklists import facts_of, fill
from ichdag.report.schemas import CHECKLISTS
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
participants = read_table(snakemake.input.participants, PARTICIPANTS)
metrics = read_table(snakemake.input.metrics, METRICS)
tables = {"participants": participants, "metrics": metrics, "radiomics": read_record(snakemake.input.radiomics)}
facts = facts_of(snakemake.params.settings, **tables)
for name, path in snakemake.params.questions.items():
    filled = fill(read_table(bundled_path(path), CHECKLISTS[name]), facts=facts)
    write_table(filled, snakemake.output[name], CHECKLISTS[name])
