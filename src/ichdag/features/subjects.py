"""Select the development participants that a fit may use, and those that are held out."""

import pandas as pd

from ichdag.constants import FINAL
from ichdag.jobs import StudyError


def included(cohort: pd.DataFrame) -> list[str]:
    """List the participants of a cohort table that no stage excluded, in its order."""
    return cohort.subject[cohort.status == "included"].tolist()


def observed_labels(cohort: pd.DataFrame, outcome: str) -> pd.Series:
    """Select the outcome (0 or 1) of each included participant whose outcome is known, by subject."""
    labels = cohort[cohort.status == "included"].set_index("subject")[outcome]
    return labels.dropna().astype(int)


def assigned_folds(cohort: pd.DataFrame, *, folds: pd.DataFrame, outcome: str) -> pd.Series:
    """Look up the validation fold of each included participant with a known outcome, in every repeat; by subject.

    Raises StudyError if a participant has no fold.
    """
    assigned = folds[folds.outcome == outcome].set_index("subject").fold
    subjects = observed_labels(cohort, outcome).index
    missing = subjects.difference(assigned.index)
    if len(missing):
        raise StudyError(
            f"outcome {outcome}: {len(missing)} participants have no fold, {missing[0]} first: run draw_folds again"
        )
    return assigned.loc[subjects].astype(int)


def training_subjects(cohort: pd.DataFrame, *, folds: pd.DataFrame, outcome: str, fold: str) -> list[str]:
    """List the participants that a fit of this fold may use: included, outcome known, not in the validation fold.

    ASSUME: the final reduction uses no outcome, so it is fitted on all included development participants.
    """
    if fold == FINAL:
        return included(cohort)
    assigned = assigned_folds(cohort, folds=folds, outcome=outcome)
    held_out = set(assigned.index[assigned == int(fold)])
    return [subject for subject in assigned.index.unique() if subject not in held_out]
