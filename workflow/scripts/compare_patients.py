"""Compare AUCs with the reference feature set on the same patients."""

from ichdag.classification.schemas import PREDICTIONS
from ichdag.jobs import start_job_log
from ichdag.statistics import compare_patients
from ichdag.statistics.schemas import DELONG
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
predictions = read_table(snakemake.input.predictions, PREDICTIONS)
table = compare_patients(predictions, **snakemake.params.settings, seed=snakemake.params.seed)
write_table(table, snakemake.output.delong, DELONG)
