"""Cross-validate logistic regressions on baseline volume and on clinical covariates; fit the final ones."""

import pandas as pd

from ichdag.classification import Settings
from ichdag.classification.classifiers import LOGISTIC, Recipe, card_of
from ichdag.classification.designs import comparator_designs, usable_covariates
from ichdag.classification.people import development_people, oracle_rows
from ichdag.classification.validation import cross_validate, fit_final, joined
from ichdag.jobs import start
from ichdag.models import write_card
from ichdag.pipelines import write_pipeline
from ichdag.tables import read_table, write_table

start(snakemake)
params, outcome = snakemake.params, snakemake.wildcards.outcome
recipe = Recipe(LOGISTIC, Settings(**params.settings), params.seed, snakemake.threads)
cohort, drawn = read_table(snakemake.input.cohort, "participants"), read_table(snakemake.input.folds, "folds")
people = development_people(cohort, folds=drawn, outcome=outcome, fewest=recipe.fewest)
columns = usable_covariates(cohort, columns=recipe.settings.clinical)
results, models = [], {}
for features, design in comparator_designs(cohort, columns=columns).items():
    tables = dict.fromkeys(params.folds, design)
    results.append(cross_validate(tables, people=people, recipe=recipe, outcome=outcome, features=features))
    models[features] = fit_final(tables, people=people, recipe=recipe)
found, seen = zip(*results, strict=True)
write_pipeline(models, snakemake.output.models)
write_card(card_of(recipe, models=models, people=people, folds=joined(seen), outcome=outcome), snakemake.output.card)
truth = oracle_rows(people, cohort=cohort, outcome=outcome)
write_table(pd.concat([*truth, *found]), snakemake.output.predictions, "predictions")
