"""Explain the external predictions of one outcome by feature blocks, for every classifier."""

import pandas as pd

from ichdag.classification.feature_matrices import feature_matrix, read_blocks
from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.constants import CLASSIFIERS
from ichdag.explanation import ExplanationSettings
from ichdag.explanation.attribution import sample_rows
from ichdag.explanation.contribution import explain_model
from ichdag.explanation.schemas import SHAP
from ichdag.explanation.shares import empty_shares
from ichdag.features.subjects import observed_labels
from ichdag.jobs import files_under, start_job_log
from ichdag.pipelines import read_pipeline
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
files, params, outcome = snakemake.input, snakemake.params, snakemake.wildcards.outcome
settings = ExplanationSettings(**params.settings)
shares = []
development = read_blocks(files_under(files, "development/"), radiomics=files.radiomics)
external = read_blocks(files_under(files, "external/"), radiomics=files.external_radiomics)
X, X_test = (feature_matrix(blocks, features=settings.features) for blocks in (development, external))
y_true = observed_labels(read_table(files.cohort, PARTICIPANTS), outcome)
background = sample_rows(X, count=settings.background, seed=params.seed)
data = {"X_test": X_test, "y_true": y_true, "background": background, "settings": settings, "seed": params.seed}
for classifier in CLASSIFIERS if len(X_test) else []:
    shares.append(explain_model(read_pipeline(files[f"model/{classifier}"]), classifier=classifier, **data))
write_table(pd.concat(shares or [empty_shares()]).assign(outcome=outcome), snakemake.output.shares, SHAP)
