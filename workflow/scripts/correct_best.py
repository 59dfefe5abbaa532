"""Correct the AUC of each outcome's best model for its having been chosen."""

from ichdag.classification.schemas import PREDICTIONS
from ichdag.evaluation import correct_best
from ichdag.evaluation.schemas import BEST
from ichdag.jobs import start_job_log
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
predictions = read_table(snakemake.input.predictions, PREDICTIONS)
table = correct_best(predictions, **snakemake.params.settings, seed=snakemake.params.seed)
write_table(table, snakemake.output.best, BEST)
