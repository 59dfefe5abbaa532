"""Explain the out-of-fold predictions of one outcome by feature blocks, in studies without external participants."""

import pandas as pd

from ichdag.classification import Settings as Recipes
from ichdag.classification.classifiers import Recipe
from ichdag.classification.designs import designs, read_folds
from ichdag.classification.people import development_people
from ichdag.classification.validation import fit_folds
from ichdag.cohort.schemas import FOLDS, PARTICIPANTS
from ichdag.explanation import ExplanationSettings
from ichdag.explanation.contribution import explain_folds
from ichdag.explanation.schemas import SHAP
from ichdag.jobs import files_of, start
from ichdag.tables import read_table, write_table

start(snakemake)
files, params, outcome = snakemake.input, snakemake.params, snakemake.wildcards.outcome
settings, given, count = ExplanationSettings(**params.settings), Recipes(**params.classification), len(params.folds)
cohort, drawn = read_table(files.cohort, PARTICIPANTS), read_table(files.folds, FOLDS).query(f"fold < {count}")
blocks, found = read_folds(files_of(files, "reduced/"), radiomics=files.radiomics), []
tables = designs(blocks, features=settings.features)
for recipe in [Recipe(name, given, params.seed, snakemake.threads) for name in given.classifiers]:
    people = development_people(cohort, folds=drawn, outcome=outcome, fewest=recipe.fewest)
    models = {fold: own.pipeline for fold, own in fit_folds(tables, people=people, recipe=recipe).items()}
    names = {"labels": people, "classifier": recipe.classifier, "settings": settings, "seed": params.seed}
    found.append(explain_folds(models, X_by_fold=tables, **names).assign(classifier=recipe.classifier))
write_table(pd.concat(found).assign(outcome=outcome), snakemake.output.shares, SHAP)
