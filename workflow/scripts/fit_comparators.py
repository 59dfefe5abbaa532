"""Cross-validate logistic regressions on baseline volume and on clinical covariates; fit the final ones."""

import pandas as pd

from ichdag.classification import Settings
from ichdag.classification.classifiers import LOGISTIC, Recipe, card_of
from ichdag.classification.designs import comparator_designs, usable_covariates
from ichdag.classification.people import development_people, oracle_rows
from ichdag.classification.validation import cross_validate, fit_final
from ichdag.jobs import start
from ichdag.models import write_card, write_pipeline
from ichdag.tables import read_table, write_table

start(snakemake)
params, outcome = snakemake.params, snakemake.wildcards.outcome
recipe = Recipe(LOGISTIC, Settings(**params.settings), params.seed, snakemake.threads)
cohort, drawn = read_table(snakemake.input.cohort, "participants"), read_table(snakemake.input.folds, "folds")
people = development_people(cohort, folds=drawn, outcome=outcome, fewest=recipe.fewest)
columns = usable_covariates(cohort, columns=recipe.settings.clinical)
found, models = oracle_rows(people, cohort=cohort, outcome=outcome), {}
for features, design in comparator_designs(cohort, columns=columns).items():
    tables = dict.fromkeys(params.folds, design)
    found.append(cross_validate(tables, people=people, recipe=recipe, outcome=outcome, features=features))
    models[features] = fit_final(tables, people=people, recipe=recipe)
write_pipeline(models, snakemake.output.models)
write_card(card_of(recipe, models=models, people=people, outcome=outcome), snakemake.output.card)
write_table(pd.concat(found), snakemake.output.predictions, "predictions")
