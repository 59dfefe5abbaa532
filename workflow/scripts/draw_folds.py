"""Draw the folds of each outcome, keeping those in the study's ledger, and list them with those of the networks."""

from pathlib import Path

import pandas as pd

from ichdag.cohort.labels import known_labels
from ichdag.cohort.schemas import FOLDS, PARTICIPANTS
from ichdag.jobs import start_job_log
from ichdag.ledger import NETWORKS_OUTCOME, write_with_checksum
from ichdag.segmentation.schemas import TRAINING
from ichdag.stratified_folds import draw_folds, folds_of_persons
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
params, ledger = snakemake.params, Path(snakemake.output.ledger)
earlier = read_table(ledger, FOLDS) if ledger.exists() else pd.DataFrame(columns=["subject", "outcome", "fold"])
cohort, training = read_table(snakemake.input.cohort, PARTICIPANTS), read_table(snakemake.input.training, TRAINING)
folds_of_persons(training, persons=params.persons)  # refuses a person whom the networks' folds part
labels = known_labels(cohort, outcomes=params.outcomes, fewest=params.fold_count)
sizes = {"count": params.fold_count, "repeats": params.repeats}
folds = draw_folds(labels, earlier=earlier, persons=params.persons, **sizes, seed=params.seed)
with write_with_checksum(ledger) as partial:
    write_table(folds, partial, FOLDS)
networks = training.assign(outcome=NETWORKS_OUTCOME)[["subject", "outcome", "fold"]]
used = folds[folds.fold < params.fold_count * params.repeats]
write_table(pd.concat([used, networks]), snakemake.output.folds, FOLDS)
