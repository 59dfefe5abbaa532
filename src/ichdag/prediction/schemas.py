"""Schema of the predictions of the frozen model."""

from ichdag.columns import REASON, STATUS, SUBJECT, VOLUME
from ichdag.schema import Schema, number

NEW_PREDICTIONS = Schema(
    "new_predictions",
    (
        SUBJECT,
        STATUS,
        REASON,
        number(
            "baseline_volume_ml",
            "hematoma volume in the predicted mask; the next columns have the probability of each outcome",
            "mL",
            **VOLUME,
        ),
    ),
)
