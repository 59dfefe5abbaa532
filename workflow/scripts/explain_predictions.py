"""Explain the external predictions of one outcome by feature blocks, for every classifier."""

import pandas as pd

from ichdag.classification.designs import design, read_blocks
from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.explanation import ExplanationSettings
from ichdag.explanation.attribution import sample_rows
from ichdag.explanation.contribution import explain_model
from ichdag.explanation.schemas import SHAP
from ichdag.explanation.shares import empty_shares
from ichdag.features.subjects import known
from ichdag.jobs import files_of, start
from ichdag.names import CLASSIFIERS
from ichdag.pipelines import read_pipeline
from ichdag.tables import read_table, write_table

start(snakemake)
files, seed, outcome = snakemake.input, snakemake.params.seed, snakemake.wildcards.outcome
settings = ExplanationSettings(**snakemake.params.settings)
development = read_blocks(files_of(files, "development/"), radiomics=files.radiomics)
external = read_blocks(files_of(files, "external/"), radiomics=files.external_radiomics)
background = sample_rows(design(development, features=settings.features), count=settings.background, seed=seed)
X_test, y_true = design(external, features=settings.features), known(read_table(files.cohort, PARTICIPANTS), outcome)
arguments, tables = {"X_test": X_test, "y_true": y_true, "background": background}, []
for classifier in CLASSIFIERS if len(X_test) else []:
    model = read_pipeline(files[f"model/{classifier}"])
    table = explain_model(model, classifier=classifier, **arguments, settings=settings, seed=seed)
    tables.append(table.assign(outcome=outcome, classifier=classifier))
write_table(pd.concat(tables or [empty_shares()]), snakemake.output.shares, SHAP)
