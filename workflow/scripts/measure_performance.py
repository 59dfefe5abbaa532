"""Measure every metric of every model, with intervals."""

from ichdag.classification.schemas import PREDICTIONS
from ichdag.evaluation import EvaluationSettings, measure_performance
from ichdag.evaluation.schemas import METRICS
from ichdag.jobs import start_job_log
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
settings = EvaluationSettings(**snakemake.params.settings)
predictions = read_table(snakemake.input.predictions, PREDICTIONS)
table = measure_performance(predictions, settings=settings, seed=snakemake.params.seed)
write_table(table, snakemake.output.metrics, METRICS)
