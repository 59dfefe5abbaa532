"""Compare the AUC of every model in women and in men."""

from ichdag.jobs import start
from ichdag.statistics import Settings, compare_sexes
from ichdag.tables import read_table, write_table

start(snakemake)
settings = Settings(**snakemake.params.settings)
predictions = read_table(snakemake.input.predictions, "predictions")
participants = read_table(snakemake.input.participants, "participants")
table = compare_sexes(predictions, participants=participants, settings=settings)
write_table(table, snakemake.output.sex, "sex")
