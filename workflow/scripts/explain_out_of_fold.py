"""Explain the out-of-fold predictions of one outcome by feature blocks, in studies without external participants."""

import pandas as pd

from ichdag.classification import ClassificationSettings, feature_matrices, validation
from ichdag.classification.classifiers import ClassifierConfig
from ichdag.classification.label_tables import development_labels
from ichdag.cohort.schemas import FOLDS, PARTICIPANTS
from ichdag.explanation import ExplanationSettings
from ichdag.explanation.contribution import explain_folds
from ichdag.explanation.schemas import SHAP
from ichdag.jobs import files_under, start_job_log
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
files, params, outcome = snakemake.input, snakemake.params, snakemake.wildcards.outcome
settings = ExplanationSettings(**params.settings)
classification = ClassificationSettings(**params.classification)
cohort = read_table(files.cohort, PARTICIPANTS)
assigned = read_table(files.folds, FOLDS).query(f"fold < {len(params.folds)}")
blocks = feature_matrices.read_fold_blocks(files_under(files, "reduced/"), radiomics=files.radiomics)
shares = []
X_by_fold = feature_matrices.feature_matrices(blocks, features=settings.features)
for name in classification.classifiers:
    config = ClassifierConfig(name, classification, params.seed, snakemake.threads)
    labels = development_labels(cohort, folds=assigned, outcome=outcome, min_count=config.min_count)
    models = {fold: own.pipeline for fold, own in validation.fit_folds(X_by_fold, labels=labels, config=config).items()}
    options = {"labels": labels, "classifier": name, "settings": settings, "seed": params.seed}
    shares.append(explain_folds(models, X_by_fold=X_by_fold, **options))
write_table(pd.concat(shares).assign(outcome=outcome), snakemake.output.shares, SHAP)
