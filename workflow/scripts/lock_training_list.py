"""Lock the list of participants that the networks are trained on."""

from pathlib import Path

import pandas as pd

from ichdag.cohort.schemas import SCANS
from ichdag.jobs import start
from ichdag.ledger import sealed
from ichdag.segmentation.locking import lock_training_list
from ichdag.segmentation.schemas import TRAINING
from ichdag.tables import read_table, write_table

start(snakemake)
path, params = Path(snakemake.output.training), snakemake.params
earlier = read_table(path, TRAINING) if path.exists() else pd.DataFrame(columns=TRAINING.column_names)
scans = read_table(snakemake.input.scans, SCANS)
training = lock_training_list(
    scans,
    earlier=earlier,
    persons=params.persons,
    count=params.fold_count,
    retrain=params.retrain,
    seed=params.seed,
)
with sealed(path) as partial:
    write_table(training, partial, TRAINING)
