"""Measure the net benefit of every model."""

from ichdag.classification.schemas import PREDICTIONS
from ichdag.evaluation import measure_net_benefit
from ichdag.evaluation.schemas import DECISION
from ichdag.jobs import start_job_log
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
predictions = read_table(snakemake.input.predictions, PREDICTIONS)
table = measure_net_benefit(predictions, **snakemake.params.settings)
write_table(table, snakemake.output.decision, DECISION)
