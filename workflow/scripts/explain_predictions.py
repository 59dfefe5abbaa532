"""Attribute the external predictions of one outcome to the feature blocks, for every classifier."""

import pandas as pd

from ichdag.classification.designs import design, read_blocks
from ichdag.explanation import Settings
from ichdag.explanation.attribution import attribute, sample_rows
from ichdag.explanation.schemas import SHAP
from ichdag.explanation.shares import block_shares, no_shares
from ichdag.jobs import files_of, start
from ichdag.names import CLASSIFIERS
from ichdag.pipelines import read_pipeline
from ichdag.tables import write_table

start(snakemake)
files, seed, outcome = snakemake.input, snakemake.params.seed, snakemake.wildcards.outcome
settings = Settings(**snakemake.params.settings)
development = read_blocks(files_of(files, "development/"), radiomics=files.radiomics)
external = read_blocks(files_of(files, "external/"), radiomics=files.external_radiomics)
background = sample_rows(design(development, features=settings.features), count=settings.background, seed=seed)
rows = sample_rows(design(external, features=settings.features), count=settings.patients, seed=seed)
found = []
for classifier in CLASSIFIERS if len(rows) else []:
    names = {"classifier": classifier, "rows": rows, "background": background}
    values = attribute(read_pipeline(files[f"model/{classifier}"]), **names, settings=settings, seed=seed).values
    shares = block_shares(values, columns=list(rows), settings=settings, seed=seed)
    found.append(shares.assign(outcome=outcome, classifier=classifier))
write_table(pd.concat(found or [no_shares()]), snakemake.output.shares, SHAP)
