"""Predict the external participants with the final models of one outcome; nothing is fitted."""

from itertools import product

import pandas as pd

from ichdag.classification.feature_matrices import feature_matrix, read_blocks
from ichdag.classification.label_tables import external_labels
from ichdag.classification.schemas import PREDICTIONS
from ichdag.classification.validation import predict
from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.constants import CLASSIFIERS, FEATURE_SETS
from ichdag.jobs import files_under, start_job_log
from ichdag.pipelines import read_pipeline
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
outcome = snakemake.wildcards.outcome
labels = external_labels(read_table(snakemake.input.cohort, PARTICIPANTS), outcome=outcome)
tables = read_blocks(files_under(snakemake.input, "reduced/"), radiomics=snakemake.input.radiomics)
predictions = []
for classifier, features in product(CLASSIFIERS, FEATURE_SETS):
    model = read_pipeline(snakemake.input[f"model/{classifier}/{features}"])
    names = {"outcome": outcome, "features": features, "classifier": classifier}
    predictions.append(predict(model, X=feature_matrix(tables, features=features), labels=labels, **names))
write_table(pd.concat(predictions), snakemake.output.predictions, PREDICTIONS)
