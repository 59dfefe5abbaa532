"""Predict the external participants from volume and clinical covariates; add the known truth where there is one."""

import pandas as pd

from ichdag.classification.classifiers import LOGISTIC
from ichdag.classification.feature_matrices import comparator_matrices
from ichdag.classification.label_tables import external_labels, oracle_predictions
from ichdag.classification.schemas import PREDICTIONS
from ichdag.classification.validation import predict
from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.jobs import start_job_log
from ichdag.models import read_card
from ichdag.pipelines import read_pipeline
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
outcome = snakemake.wildcards.outcome
cohort = read_table(snakemake.input.cohort, PARTICIPANTS)
labels = external_labels(cohort, outcome=outcome)
matrices = comparator_matrices(cohort, columns=read_card(snakemake.input.card).limits["columns"].get("clinical", []))
predictions = [read_table(snakemake.input.predictions, PREDICTIONS)]
predictions += oracle_predictions(labels, cohort=cohort, outcome=outcome)
for features, model in read_pipeline(snakemake.input.models).items():
    names = {"outcome": outcome, "features": features, "classifier": LOGISTIC}
    predictions.append(predict(model, X=matrices[features], labels=labels, **names))
write_table(pd.concat(predictions), snakemake.output.predictions, PREDICTIONS)
