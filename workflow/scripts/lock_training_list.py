"""Lock the list of participants that the networks are trained on."""

from pathlib import Path

import pandas as pd

from ichdag.cohort.schemas import SCANS
from ichdag.jobs import start_job_log
from ichdag.ledger import write_with_checksum
from ichdag.segmentation.locking import lock_training_list
from ichdag.segmentation.schemas import TRAINING
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
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
with write_with_checksum(path) as partial:
    write_table(training, partial, TRAINING)
