"""Schema of the predictions table."""

from ichdag.columns import CLASSIFIER, COHORT, FEATURE_SET, FOLD, OUTCOME, PROBABILITY, SUBJECT
from ichdag.schema import Schema, number

PREDICTIONS = Schema(
    "predictions",
    (
        COHORT,
        SUBJECT,
        OUTCOME,
        FEATURE_SET,
        CLASSIFIER,
        FOLD,
        number("y_true", "1 if the outcome occurred, otherwise 0", values=(0, 1)),
        number("probability", "predicted probability of the outcome", **PROBABILITY),
        number(
            "threshold",
            "probability from which the outcome is predicted to happen, chosen inside the training part of the fold "
            "(Youden); n/a if nothing was fitted, and for external cohorts, whose threshold is chosen (Youden) "
            "on all out-of-fold probabilities of the model",
            low=0,
            high=1,
            missing=True,
            optional=True,
        ),
    ),
)
