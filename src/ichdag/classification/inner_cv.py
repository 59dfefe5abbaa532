"""Draw inner folds of a training part, for tuning and calibration, keeping rows of one person together."""

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from ichdag.jobs import StudyError

MIN_FOLDS = 2
Split = tuple[np.ndarray, np.ndarray]


def inner_folds(y: pd.Series, *, persons: pd.Series, count: int, seed: int | None) -> list[Split]:
    """Draw at most `count` stratified folds, shuffled if there is a seed; return positions (training, validation).

    `persons` (by position) has the person of each row; rows of one person share a fold. There are fewer folds if a
    class has fewer persons, or if a fold would lack a class. Raises StudyError if two folds are not possible.
    """
    shuffled = {"shuffle": seed is not None, "random_state": seed}
    rows = np.zeros((len(y), 1))
    groups = pd.factorize(persons)[0]
    if not is_shared(persons):
        folds = min(count, int(y.value_counts().min()))
        return list(StratifiedKFold(folds, **shuffled).split(rows, y))
    per_class = persons.groupby(y.to_numpy()).nunique()
    for folds in range(min(count, int(per_class.min())), MIN_FOLDS - 1, -1):
        splits = list(StratifiedGroupKFold(folds, **shuffled).split(rows, y, groups))
        if all(y.iloc[part].nunique() == 2 for split in splits for part in split):
            return splits
    raise StudyError(
        f"no inner folds with both classes keep the rows of one person together: {per_class.get(1, 0)} persons with "
        f"and {per_class.get(0, 0)} without the outcome among {len(y)} training participants. Add participants, set "
        "fewer folds (config folds), or take the outcome out of config outcomes"
    )


def is_shared(persons: pd.Series) -> bool:
    """Tell whether a person has more than one row."""
    return bool(persons.duplicated().any())
