"""Attribute out-of-fold predictions of one outcome to the feature blocks, where there is no external cohort."""

import pandas as pd

from ichdag import classification
from ichdag.classification.classifiers import Recipe
from ichdag.classification.designs import designs, read_folds
from ichdag.classification.people import development_people
from ichdag.classification.validation import fit_folds
from ichdag.explanation import Settings
from ichdag.explanation.folds import attribute_folds
from ichdag.explanation.shares import block_shares
from ichdag.jobs import files_of, start
from ichdag.tables import read_table, write_table

start(snakemake)
files, params, outcome = snakemake.input, snakemake.params, snakemake.wildcards.outcome
settings, given = Settings(**params.settings), classification.Settings(**params.classification)
cohort = read_table(files.cohort, "participants")
drawn = read_table(files.folds, "folds").query(f"fold < {len(params.folds)}")
blocks = read_folds(files_of(files, "reduced/"), radiomics=files.radiomics)
tables, found = designs(blocks, features=settings.features), []
for recipe in [Recipe(name, given, params.seed, snakemake.threads) for name in given.classifiers]:
    people = development_people(cohort, folds=drawn, outcome=outcome, fewest=recipe.fewest)
    models = {fold: own.pipeline for fold, own in fit_folds(tables, people=people, recipe=recipe).items()}
    names = {"folds": people.fold, "classifier": recipe.classifier, "seed": params.seed}
    values = attribute_folds(models, designs=tables, **names, settings=settings)
    shares = block_shares(values, columns=list(tables[params.folds[0]]), settings=settings, seed=params.seed)
    found.append(shares.assign(outcome=outcome, classifier=recipe.classifier))
write_table(pd.concat(found), snakemake.output.shares, "shap")
