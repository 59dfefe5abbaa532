"""Draw the folds, keeping those in the study's ledger."""

from pathlib import Path

import pandas as pd

from ichdag.cohort.folds import draw_folds, known_labels
from ichdag.cohort.schemas import FOLDS, SCANS
from ichdag.cohort.sheet import persons_of
from ichdag.jobs import start
from ichdag.ledger import sealed
from ichdag.tables import read_table, write_table

start(snakemake)
params, ledger = snakemake.params, Path(snakemake.output.ledger)
earlier = read_table(ledger, FOLDS) if ledger.exists() else pd.DataFrame(columns=["subject", "outcome", "fold"])
scans = read_table(snakemake.input.scans, SCANS)
labels = known_labels(params.rows, scans=scans, outcomes=params.outcomes, volumes=params.volumes)
persons = persons_of(params.rows)
sizes = {"count": params.fold_count, "repeats": params.repeats}
folds = draw_folds(labels, earlier=earlier, persons=persons, **sizes, seed=params.seed)
with sealed(ledger) as partial:
    write_table(folds, partial, FOLDS)
write_table(folds[folds.fold < params.fold_count * params.repeats], snakemake.output.folds, FOLDS)
