"""Lock the list of participants that the networks are trained on; redraw it only when a retraining is asked for."""

from pathlib import Path

from ichdag.cohort.schemas import FOLDS
from ichdag.jobs import start
from ichdag.segmentation.locking import lock
from ichdag.segmentation.schemas import TRAINING
from ichdag.tables import read_table, write_table

start(snakemake)
ledger = Path(snakemake.output.training)
locked = read_table(ledger, TRAINING) if ledger.is_file() else None
training = lock(read_table(snakemake.input.folds, FOLDS), locked=locked, retrain=snakemake.params.retrain)
write_table(training, ledger, TRAINING)
