"""The locked list: who trains the networks, drawn once, so that new participants retrain nothing."""

from collections.abc import Collection

import pandas as pd

from ichdag.jobs import StudyError


def lock(folds: pd.DataFrame, *, subjects: Collection[str], retrain: int) -> pd.DataFrame:
    """Draw the training list (subject, fold, retrain) of a study, or of a retraining.

    `folds` is the fold table; its rows with outcome 'segmentation' are the candidates, as far as they are among
    `subjects`, the development participants: folds are kept of those who left. Raises StudyError if there are none.
    """
    drawn = folds.loc[(folds["outcome"] == "segmentation") & folds["subject"].isin(subjects), ["subject", "fold"]]
    if drawn.empty:
        raise StudyError(
            "no participants to train the networks on: results/cohort/folds.tsv has none for 'segmentation'"
        )
    return drawn.assign(retrain=retrain).sort_values("subject")


def locked_folds(training: pd.DataFrame, *, away: Collection[str]) -> dict[str, int]:
    """The folds of the training list (schema training) by subject, without those who have another role by now."""
    return training.set_index("subject")["fold"].drop([*away]).to_dict()


def trained_on(grids: pd.DataFrame, *, subjects: Collection[str]) -> pd.DataFrame:
    """The digests of baseline scan and manual mask of those a model is trained on, schema trained_on.

    `grids` follows schema grids. Kept beside the model: they tell which scans and masks have changed since.
    """
    rows = grids[(grids["timepoint"] == "baseline") & grids["subject"].isin(subjects)]
    return rows[["subject", "digest", "mask_digest"]].reset_index(drop=True)
