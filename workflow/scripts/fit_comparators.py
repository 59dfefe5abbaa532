"""Cross-validate logistic regressions on baseline volume and on clinical covariates; fit the final ones."""

from ichdag.classification import ClassificationSettings
from ichdag.classification.classifiers import LOGISTIC, ClassifierConfig, classifier_card
from ichdag.classification.feature_matrices import comparator_matrices, usable_covariates
from ichdag.classification.label_tables import development_labels, oracle_predictions
from ichdag.classification.schemas import PREDICTIONS
from ichdag.classification.validation import cross_validate, fit_final, join_results
from ichdag.cohort.schemas import FOLDS, PARTICIPANTS
from ichdag.jobs import start_job_log
from ichdag.models import write_card
from ichdag.pipelines import write_pipeline
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
params, outcome = snakemake.params, snakemake.wildcards.outcome
config = ClassifierConfig(LOGISTIC, ClassificationSettings(**params.settings), params.seed, snakemake.threads)
cohort = read_table(snakemake.input.cohort, PARTICIPANTS)
assigned = read_table(snakemake.input.folds, FOLDS)
labels = development_labels(cohort, folds=assigned, outcome=outcome, min_count=config.min_count)
columns = usable_covariates(cohort, columns=params.clinical)
validated, models = [], {}
for features, X in comparator_matrices(cohort, columns=columns).items():
    X_by_fold = dict.fromkeys(params.folds, X)
    validated.append(cross_validate(X_by_fold, labels=labels, config=config, outcome=outcome, features=features))
    models[features] = fit_final(X_by_fold, labels=labels, config=config)
predictions, seen = join_results(validated, precomputed=oracle_predictions(labels, cohort=cohort, outcome=outcome))
write_pipeline(models, snakemake.output.models)
write_card(classifier_card(config, models=models, labels=labels, folds=seen, outcome=outcome), snakemake.output.card)
write_table(predictions, snakemake.output.predictions, PREDICTIONS)
