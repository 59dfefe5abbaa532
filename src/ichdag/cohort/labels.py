"""The labels that an outcome's folds are stratified by."""

from collections.abc import Collection

import pandas as pd

from ichdag.jobs import StudyError


def known_labels(cohort: pd.DataFrame, *, outcomes: Collection[str], fewest: int) -> pd.DataFrame:
    """Each known outcome of each included participant: columns subject, outcome, label (1 or 0), for `draw_folds`.

    `cohort` follows schema participants. Raises StudyError if an outcome is known of fewer than `fewest`.
    """
    included = cohort[cohort.status == "included"]
    for outcome in outcomes:
        known = int(included[outcome].notna().sum())
        if known < fewest:
            raise StudyError(
                f"outcome {outcome}: it is known of {known} usable development participants, for {fewest} folds. Add "
                "participants, set fewer folds (config folds), or take the outcome out of config outcomes"
            )
    labels = included.melt("subject", [*outcomes], "outcome", "label").dropna(subset="label")
    return labels.astype({"label": int}).reset_index(drop=True)
