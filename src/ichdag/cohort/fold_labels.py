"""Labels of the outcomes, by which the folds are stratified."""

from collections.abc import Collection

import pandas as pd

from ichdag.jobs import StudyError


def labels_for_folds(cohort: pd.DataFrame, *, outcomes: Collection[str], min_count: int) -> pd.DataFrame:
    """List each known outcome of each included participant: columns subject, outcome, label (1 or 0).

    `cohort` follows schema participants. Raises StudyError if an outcome is known of fewer than `min_count`
    participants.
    """
    included = cohort[cohort.status == "included"]
    for outcome in outcomes:
        known = int(included[outcome].notna().sum())
        if known < min_count:
            raise StudyError(
                f"outcome {outcome}: it is known of {known} usable development participants, for {min_count} folds. "
                "Add participants, set fewer folds (config folds), or take the outcome out of config outcomes"
            )
    labels = included.melt("subject", [*outcomes], "outcome", "label").dropna(subset="label")
    return labels.astype({"label": int}).reset_index(drop=True)
