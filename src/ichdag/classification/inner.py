"""Inner folds of a training part, for choosing settings and for calibration: they part no person either."""

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from ichdag.jobs import StudyError

FEWEST = 2
Split = tuple[np.ndarray, np.ndarray]


def inner_folds(labels: pd.Series, *, persons: pd.Series, count: int, seed: int | None) -> list[Split]:
    """Positions (training, validation) of at most `count` stratified folds, shuffled if there is a seed.

    `persons` (by position) says who is behind each row; rows of one person share a fold. Fewer folds are made where a
    class has fewer persons, or where else a fold would lack a class. Raises StudyError if not even two can be made.
    """
    shuffled = {"shuffle": seed is not None, "random_state": seed}
    rows, groups = np.zeros((len(labels), 1)), pd.factorize(persons)[0]
    if not is_shared(persons):
        folds = min(count, int(labels.value_counts().min()))
        return list(StratifiedKFold(folds, **shuffled).split(rows, labels))
    found = persons.groupby(labels.to_numpy()).nunique()
    for folds in range(min(count, int(found.min())), FEWEST - 1, -1):
        splits = list(StratifiedGroupKFold(folds, **shuffled).split(rows, labels, groups))
        if all(labels.iloc[part].nunique() == 2 for split in splits for part in split):
            return splits
    raise StudyError(
        f"no inner folds with both classes keep the rows of one person together: {found.get(1, 0)} persons with and "
        f"{found.get(0, 0)} without the outcome among {len(labels)} training participants. Add participants, set fewer "
        "folds (config folds), or take the outcome out of config outcomes"
    )


def is_shared(persons: pd.Series) -> bool:
    """Whether a person is behind more than one row."""
    return bool(persons.duplicated().any())
