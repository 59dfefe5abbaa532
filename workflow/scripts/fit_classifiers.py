"""Cross-validate one classifier on every feature set for one outcome, and fit the final models."""

from ichdag.classification import ClassificationSettings, feature_matrices
from ichdag.classification.classifiers import ClassifierConfig, classifier_card
from ichdag.classification.label_tables import development_labels
from ichdag.classification.schemas import PREDICTIONS
from ichdag.classification.validation import cross_validate, fit_final, join_results
from ichdag.cohort.schemas import FOLDS, PARTICIPANTS
from ichdag.constants import FEATURE_SETS
from ichdag.jobs import files_under, start_job_log
from ichdag.models import write_card
from ichdag.pipelines import write_pipeline
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
files, params, outcome = snakemake.input, snakemake.params, snakemake.wildcards.outcome
settings = ClassificationSettings(**params.settings)
config = ClassifierConfig(snakemake.wildcards.classifier, settings, params.seed, snakemake.threads)
cohort = read_table(files.cohort, PARTICIPANTS)
labels = development_labels(cohort, folds=read_table(files.folds, FOLDS), outcome=outcome, min_count=config.min_count)
folds = feature_matrices.read_fold_blocks(files_under(files, "reduced/"), radiomics=files.radiomics)
validated, models = [], {}
for features in FEATURE_SETS:
    X_by_fold = feature_matrices.feature_matrices(folds, features=features)
    validated.append(cross_validate(X_by_fold, labels=labels, config=config, outcome=outcome, features=features))
    models[features] = fit_final(X_by_fold, labels=labels, config=config)
    write_pipeline(models[features], snakemake.output[f"model/{features}"])
predictions, seen = join_results(validated)
write_table(predictions, snakemake.output.predictions, PREDICTIONS)
write_card(classifier_card(config, models=models, labels=labels, folds=seen, outcome=outcome), snakemake.output.card)
