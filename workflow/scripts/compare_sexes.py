"""Compare the AUC of every model in women and in men."""

from ichdag.classification.schemas import PREDICTIONS
from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.jobs import start_job_log
from ichdag.statistics import compare_sexes
from ichdag.statistics.schemas import SEX
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
predictions = read_table(snakemake.input.predictions, PREDICTIONS)
participants = read_table(snakemake.input.participants, PARTICIPANTS)
table = compare_sexes(predictions, participants=participants, **snakemake.params.settings)
write_table(table, snakemake.output.sex, SEX)
