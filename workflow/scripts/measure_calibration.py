"""Compare predicted and observed risk."""

from ichdag.classification.schemas import PREDICTIONS
from ichdag.evaluation import measure_calibration
from ichdag.evaluation.schemas import CALIBRATION
from ichdag.jobs import start_job_log
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
predictions = read_table(snakemake.input.predictions, PREDICTIONS)
table = measure_calibration(predictions, **snakemake.params.settings)
write_table(table, snakemake.output.calibration, CALIBRATION)
