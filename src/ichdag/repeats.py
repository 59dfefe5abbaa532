"""Repeats of a cross-validation: of k folds each, numbered on, so that fold f belongs to repeat f // k."""

import numpy as np
import pandas as pd

from ichdag.jobs import StudyError


def repeat_of_fold(folds: pd.Series, *, count: int) -> pd.Series:
    """Return the repeat of each row, given the folds of one repeat; 0 for rows without fold, such as 'external'."""
    return (pd.to_numeric(folds, errors="coerce").fillna(0) // count).astype(int)


def infer_repeats(subjects: np.ndarray, *, folds: np.ndarray, where: str) -> np.ndarray:
    """Return the repeat (n,) of each out-of-fold row, from subjects and folds (n,) alone: whole numbers, also as text.

    Every repeat has each subject once. Raises StudyError, which says `where`, if the rows cannot be divided so.
    """
    rows = pd.DataFrame({"subject": subjects, "fold": folds})
    counts = rows["subject"].value_counts()
    repeats = int(counts.max()) if len(rows) else 1
    if repeats == 1:
        return np.zeros(len(rows), dtype=int)
    names, places = np.unique(rows["fold"].astype(int), return_inverse=True)
    rows["repeat"] = places // max(1, len(names) // repeats)
    if len(names) % repeats or rows.duplicated(["subject", "repeat"]).any():
        subject = counts.index[0]
        raise StudyError(f"{where}: {subject} stands twice in one cross-validation; delete the table and run again")
    lacking = counts[counts < repeats]
    if len(lacking):
        raise StudyError(
            f"{where}: {lacking.index[0]} has no prediction in one of {repeats} repeats; delete the table and run again"
        )
    return rows["repeat"].to_numpy()
