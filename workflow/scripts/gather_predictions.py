"""Gather all predictions in one table and check that it is whole."""

from ichdag.classification.gathering import gather
from ichdag.classification.schemas import PREDICTIONS
from ichdag.jobs import start_job_log
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
files = [*snakemake.input.internal, *snakemake.input.external, *snakemake.input.comparators]
params = snakemake.params
table = gather([read_table(path, PREDICTIONS) for path in files], outcomes=params.outcomes, folds=params.folds)
write_table(table, snakemake.output.predictions, PREDICTIONS)
