"""Lock the list of subjects that the networks are trained on."""

from ichdag.jobs import start
from ichdag.tables import read_table, write_table

start(snakemake)
folds = read_table(snakemake.input.folds, "folds")
training = folds[folds.outcome == "segmentation"][["subject", "fold"]]
write_table(training, snakemake.output.training, "training")
