"""Lock the list of participants that the networks are trained on."""

from ichdag.cohort.schemas import FOLDS
from ichdag.jobs import start
from ichdag.ledger import sealed
from ichdag.segmentation.locking import lock
from ichdag.segmentation.schemas import TRAINING
from ichdag.tables import read_table, write_table

start(snakemake)
params = snakemake.params
training = lock(read_table(snakemake.input.folds, FOLDS), subjects=params.subjects, retrain=params.retrain)
with sealed(snakemake.output.training) as partial:
    write_table(training, partial, TRAINING)
