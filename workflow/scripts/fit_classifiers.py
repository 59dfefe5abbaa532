"""Cross-validate one classifier on every feature set for one outcome, and fit the final models."""

from ichdag.classification import Settings
from ichdag.classification.classifiers import Recipe, card_of
from ichdag.classification.designs import designs, read_folds
from ichdag.classification.people import development_people
from ichdag.classification.schemas import PREDICTIONS
from ichdag.classification.validation import cross_validate, fit_final, joined
from ichdag.cohort.schemas import FOLDS, PARTICIPANTS
from ichdag.jobs import files_of, start
from ichdag.models import write_card
from ichdag.names import FEATURE_SETS
from ichdag.pipelines import write_pipeline
from ichdag.tables import read_table, write_table

start(snakemake)
files, params, outcome = snakemake.input, snakemake.params, snakemake.wildcards.outcome
recipe = Recipe(snakemake.wildcards.classifier, Settings(**params.settings), params.seed, snakemake.threads)
cohort, drawn = read_table(files.cohort, PARTICIPANTS), read_table(files.folds, FOLDS)
people = development_people(cohort, folds=drawn, outcome=outcome, fewest=recipe.fewest)
folds = read_folds(files_of(files, "reduced/"), radiomics=files.radiomics)
results, models = [], {}
for features in FEATURE_SETS:
    tables = designs(folds, features=features)
    results.append(cross_validate(tables, people=people, recipe=recipe, outcome=outcome, features=features))
    models[features] = fit_final(tables, people=people, recipe=recipe)
    write_pipeline(models[features], snakemake.output[f"model/{features}"])
predictions, seen = joined(results)
write_table(predictions, snakemake.output.predictions, PREDICTIONS)
write_card(card_of(recipe, models=models, people=people, folds=seen, outcome=outcome), snakemake.output.card)
