"""Compare the AUC of every model in women and in men."""

from ichdag.classification.schemas import PREDICTIONS
from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.jobs import start
from ichdag.statistics import Settings, compare_sexes
from ichdag.statistics.schemas import SEX
from ichdag.tables import read_table, write_table

start(snakemake)
settings = Settings(**snakemake.params.settings)
predictions = read_table(snakemake.input.predictions, PREDICTIONS)
participants = read_table(snakemake.input.participants, PARTICIPANTS)
smallest = snakemake.params.smallest_probability
table = compare_sexes(predictions, participants=participants, settings=settings, smallest=smallest)
write_table(table, snakemake.output.sex, SEX)
