"""Schemas of metrics, best models, calibration and decision curves."""

from ichdag.columns import AUC, CLASSIFIER, COHORT, FEATURE_SET, INTERVALS, NOTE, OUTCOME, PROBABILITY
from ichdag.schema import Column, Schema, number

METRICS = Schema(
    "metrics",
    (
        OUTCOME,
        FEATURE_SET,
        CLASSIFIER,
        COHORT,
        Column(
            "fold",
            "0-4 (one fold), 'pooled' (all folds' out-of-fold predictions, within each repeat, then averaged), "
            "'mean' (over the folds of all repeats), 'external'",
        ),
        Column("metric", "auc, average_precision, f1, sensitivity, specificity, ppv, npv, brier, slope, intercept ..."),
        number("value", "value of the metric; n/a if it is not defined", missing=True),
        number("low", "lower limit of its confidence interval", missing=True),
        number("high", "upper limit of its confidence interval", missing=True),
        number("sd", "standard deviation over folds, for fold 'mean'", missing=True),
        number("n", "number of participants", low=0),
        number("positives", "number of these with the outcome", low=0),
        Column(
            "interval",
            "how its limits were computed; 'delong-corrected': the variance times `inflation`, as the models of the "
            "folds share training participants",
            values=INTERVALS,
            missing=True,
            optional=True,
        ),
        number(
            "flat",
            "number of folds (1 for a single fold or external cohort) in which a model gave all participants the same "
            "probability to three digits, so that only ranks are meaningful (an SVM whose inner folds contradict its "
            "decision values); n/a for a median of classifiers",
            low=0,
            missing=True,
            optional=True,
        ),
        number("bootstrap_low", "lower limit of an AUC (bootstrap within each class)", missing=True, optional=True),
        number("bootstrap_high", "upper limit; widened like the interval", missing=True, optional=True),
        number(
            "inflation",
            "what the variance of an AUC was multiplied by: 1 + folds x n_test / n_train for one cross-validation, "
            "estimated from repeats if there are any; 1 without cross-validation",
            low=1,
            missing=True,
            optional=True,
        ),
        NOTE,
    ),
)

BEST = Schema(
    "best",
    (
        OUTCOME,
        FEATURE_SET,
        CLASSIFIER,
        number("models", "number of models among which it is the best", low=1),
        number(
            "auc",
            "its pooled AUC in cross-validation, as in metrics.tsv; optimistic, because it is the maximum of several",
            **AUC,
        ),
        number(
            "corrected",
            "the AUC corrected for the choice: mean over bootstrap resamples of the AUC that the model chosen in one "
            "has on participants not drawn in it",
            **AUC,
        ),
        number("corrected_low", "lower limit (percentile of those AUCs)", **AUC),
        number("corrected_high", "upper limit (percentile of those AUCs)", **AUC),
        number("n", "participants", low=0),
        number("positives", "number of these with the outcome", low=0),
        NOTE,
    ),
)

CALIBRATION = Schema(
    "calibration",
    (
        OUTCOME,
        FEATURE_SET,
        CLASSIFIER,
        COHORT,
        Column("fold", "'pooled' or 'external'"),
        number("bin", "bin of predicted risk, by quantile, from 0", low=0),
        number("predicted", "mean predicted probability in the bin", **PROBABILITY),
        number("observed", "observed fraction in the bin", **PROBABILITY),
        number("low", "lower limit (Wilson)", **PROBABILITY),
        number("high", "upper limit (Wilson)", **PROBABILITY),
        number("n", "participants in the bin", low=1),
    ),
)

DECISION = Schema(
    "decision",
    (
        OUTCOME,
        FEATURE_SET,
        CLASSIFIER,
        COHORT,
        Column("fold", "'pooled' or 'external'"),
        number("threshold", "threshold probability", **PROBABILITY),
        number("net_benefit", "net benefit of the model"),
        number("treat_all", "net benefit of treating everybody"),
    ),
)
