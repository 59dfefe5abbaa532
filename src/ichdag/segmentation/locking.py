"""The locked list: who trains the networks, drawn once, so that new participants retrain nothing."""

import pandas as pd

from ichdag.jobs import StudyError


def lock(folds: pd.DataFrame, *, locked: pd.DataFrame | None, retrain: int) -> pd.DataFrame:
    """The training list (subject, fold, retrain): the locked one if it was drawn for this `retrain`, else a new one.

    `folds` is the fold table; its rows with outcome 'segmentation' are the candidates. Raises StudyError if none.
    """
    if locked is not None and "retrain" in locked and (locked["retrain"] == retrain).all():
        return locked
    drawn = folds.loc[folds["outcome"] == "segmentation", ["subject", "fold"]].assign(retrain=retrain)
    if drawn.empty:
        raise StudyError(
            "no participants to train the networks on: results/cohort/folds.tsv has none for 'segmentation'"
        )
    return drawn.sort_values("subject")
