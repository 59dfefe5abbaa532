"""Compare the feature sets over the classifiers."""

from ichdag.classification.schemas import PREDICTIONS
from ichdag.evaluation.schemas import METRICS
from ichdag.jobs import start_job_log
from ichdag.statistics import compare_feature_sets
from ichdag.statistics.schemas import FRIEDMAN
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
params = snakemake.params
metrics = read_table(snakemake.input.metrics, METRICS)
predictions = read_table(snakemake.input.predictions, PREDICTIONS)
table = compare_feature_sets(metrics, predictions=predictions, **params.settings, seed=params.seed)
write_table(table, snakemake.output.friedman, FRIEDMAN)
