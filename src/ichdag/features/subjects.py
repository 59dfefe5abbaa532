"""Which development participants a fit may see, and which are kept away from it."""

import pandas as pd

from ichdag.jobs import StudyError

FINAL = "final"


def included(cohort: pd.DataFrame) -> list[str]:
    """The participants of a cohort table that no stage excluded, in its order."""
    return cohort.subject[cohort.status == "included"].tolist()


def known(cohort: pd.DataFrame, outcome: str) -> pd.Series:
    """The outcome (0 or 1) of each included participant who has one, by subject."""
    labels = cohort[cohort.status == "included"].set_index("subject")[outcome]
    return labels.dropna().astype(int)


def fold_of(cohort: pd.DataFrame, *, folds: pd.DataFrame, outcome: str) -> pd.Series:
    """The validation fold of each included participant with a known outcome, in every repeat; by subject.

    Raises StudyError if one has none.
    """
    drawn = folds[folds.outcome == outcome].set_index("subject").fold
    subjects = known(cohort, outcome).index
    lost = subjects.difference(drawn.index)
    if len(lost):
        raise StudyError(
            f"outcome {outcome}: {len(lost)} participants have no fold, {lost[0]} first: run draw_folds again"
        )
    return drawn.loc[subjects].astype(int)


def training_subjects(cohort: pd.DataFrame, *, folds: pd.DataFrame, outcome: str, fold: str) -> list[str]:
    """The participants a fit of this fold may see: included, outcome known, not in the validation fold.

    ASSUME: the final reduction knows no outcome, so it is fitted on all included development participants.
    """
    if fold == FINAL:
        return included(cohort)
    drawn = fold_of(cohort, folds=folds, outcome=outcome)
    held = set(drawn.index[drawn == int(fold)])
    return [subject for subject in drawn.index.unique() if subject not in held]
