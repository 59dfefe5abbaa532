"""Explain the out-of-fold predictions of one outcome by feature blocks, in studies without external participants."""

import pandas as pd

from ichdag.classification import ClassificationSettings
from ichdag.classification.classifiers import ClassifierConfig
from ichdag.classification.feature_matrices import feature_matrices, read_fold_blocks
from ichdag.classification.label_tables import development_labels
from ichdag.classification.validation import fit_folds
from ichdag.cohort.schemas import FOLDS, PARTICIPANTS
from ichdag.explanation import ExplanationSettings
from ichdag.explanation.contribution import explain_folds
from ichdag.explanation.schemas import SHAP
from ichdag.jobs import files_under, start_job_log
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
files, params, outcome = snakemake.input, snakemake.params, snakemake.wildcards.outcome
settings, count = ExplanationSettings(**params.settings), len(params.folds)
classification = ClassificationSettings(**params.classification)
cohort, assigned = read_table(files.cohort, PARTICIPANTS), read_table(files.folds, FOLDS).query(f"fold < {count}")
blocks, shares = read_fold_blocks(files_under(files, "reduced/"), radiomics=files.radiomics), []
X_by_fold = feature_matrices(blocks, features=settings.features)
for name in classification.classifiers:
    config = ClassifierConfig(name, classification, params.seed, snakemake.threads)
    labels = development_labels(cohort, folds=assigned, outcome=outcome, min_per_class=config.min_per_class)
    models = {fold: own.pipeline for fold, own in fit_folds(X_by_fold, labels=labels, config=config).items()}
    names = {"labels": labels, "classifier": config.classifier, "settings": settings, "seed": params.seed}
    shares.append(explain_folds(models, X_by_fold=X_by_fold, **names).assign(classifier=config.classifier))
write_table(pd.concat(shares).assign(outcome=outcome), snakemake.output.shares, SHAP)
