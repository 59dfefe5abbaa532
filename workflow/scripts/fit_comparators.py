"""Cross-validate logistic regressions on baseline volume and on clinical covariates; fit the final ones."""

from ichdag.classification import Settings
from ichdag.classification.classifiers import LOGISTIC, Recipe, card_of
from ichdag.classification.designs import comparator_designs, usable_covariates
from ichdag.classification.people import development_people, oracle_rows
from ichdag.classification.schemas import PREDICTIONS
from ichdag.classification.validation import cross_validate, fit_final, joined
from ichdag.cohort.schemas import FOLDS, PARTICIPANTS
from ichdag.jobs import start
from ichdag.models import write_card
from ichdag.pipelines import write_pipeline
from ichdag.tables import read_table, write_table

start(snakemake)
params, outcome = snakemake.params, snakemake.wildcards.outcome
recipe = Recipe(LOGISTIC, Settings(**params.settings), params.seed, snakemake.threads)
cohort, drawn = read_table(snakemake.input.cohort, PARTICIPANTS), read_table(snakemake.input.folds, FOLDS)
people = development_people(cohort, folds=drawn, outcome=outcome, fewest=recipe.fewest)
columns = usable_covariates(cohort, columns=params.clinical)
results, models = [], {}
for features, design in comparator_designs(cohort, columns=columns).items():
    tables = dict.fromkeys(params.folds, design)
    results.append(cross_validate(tables, people=people, recipe=recipe, outcome=outcome, features=features))
    models[features] = fit_final(tables, people=people, recipe=recipe)
predictions, seen = joined(results, known=oracle_rows(people, cohort=cohort, outcome=outcome))
write_pipeline(models, snakemake.output.models)
write_card(card_of(recipe, models=models, people=people, folds=seen, outcome=outcome), snakemake.output.card)
write_table(predictions, snakemake.output.predictions, PREDICTIONS)
