"""Cells: the predictions of one model in one fold, in all folds together, or in one external cohort."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import logit

from ichdag.evaluation import inflation
from ichdag.evaluation.recalibration import is_flat
from ichdag.jobs import StudyError
from ichdag.repeats import repeats_of
from ichdag.thresholds import youden

EXTERNAL = "external"
POOLED = "pooled"
SMALLEST = 1e-12  # a probability: logits are finite
MODEL = ["outcome", "features", "classifier"]


@dataclass(frozen=True)
class Cell:
    """One model's predictions for n participants, by subject; `threshold` (n,) was chosen without them.

    `inflation` is what the variance of an AUC is multiplied by: above 1 where the predictions come from several folds.
    `folds` (n,) is who was held out with whom, in a pooled cell; `repeats` are those of each repeat, if several.
    """

    outcome: str
    features: str
    classifier: str
    cohort: str
    fold: str
    subjects: np.ndarray
    happened: np.ndarray
    probability: np.ndarray
    threshold: np.ndarray
    inflation: float = 1.0
    repeats: tuple["Cell", ...] = ()
    folds: np.ndarray | None = None

    @property
    def name(self) -> dict[str, str]:
        """The columns that name the cell in every table."""
        return {name: getattr(self, name) for name in (*MODEL, "cohort", "fold")}

    @property
    def counts(self) -> dict[str, int]:
        """How many participants, and how many with the outcome."""
        return {"n": len(self.happened), "positives": int(self.happened.sum())}

    @property
    def is_flat(self) -> bool:
        """Whether the model gives everybody the same probability to three digits, which its AUC does not show."""
        inside = np.clip(self.probability, SMALLEST, 1 - SMALLEST)
        return len(inside) > 1 and is_flat(logit(inside))

    @property
    def split(self) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities of those with and of those without the outcome, each by subject."""
        return self.probability[self.happened], self.probability[~self.happened]


def models_of(predictions: pd.DataFrame) -> Iterator[list[Cell]]:
    """The cells of each model: its folds, all folds pooled, each external cohort. `predictions` follows its schema.

    A fold's threshold is the one that was chosen inside its training part; of a predictor that has none, because it
    was not fitted, Youden's on the other folds of the same repeat. That of external cohorts is Youden's on all folds,
    which never saw them. 'pooled' keeps each fold's, and of several repeats has the mean (see `_averaged`).
    Raises StudyError where a participant stands twice in one model, or a model has no cross-validation.
    """
    plain = dict.fromkeys(("cohort", "fold", "subject"), object)
    for (outcome, features, classifier), rows in predictions.groupby(MODEL, sort=False):
        rows = rows.astype(plain).sort_values("subject")
        inside = rows["fold"] != EXTERNAL
        where = f"predictions, outcome {outcome}, features {features}, classifier {classifier}"
        _check(rows, inside, where)
        own = rows[inside]
        repeats = repeats_of(own["subject"].to_numpy(), folds=own["fold"].to_numpy(), where=where)
        name = {"outcome": outcome, "features": features, "classifier": classifier}
        yield [*_development_cells(own, name, repeats), *_external_cells(rows, inside, name)]


def _development_cells(rows: pd.DataFrame, name: dict[str, str], repeats: np.ndarray) -> list[Cell]:
    """A cell for each fold, and the pooled one."""
    happened, probability = rows["y_true"].to_numpy() == 1, rows["probability"].to_numpy(dtype=float)
    folds, subjects = rows["fold"].to_numpy(), rows["subject"].to_numpy()
    cohort = " + ".join(sorted(rows["cohort"].unique()))
    threshold = _inside_thresholds(rows)
    chosen = not np.isnan(threshold).all()
    cells = []
    for fold in sorted(set(folds), key=lambda text: (len(text), text)):
        held = folds == fold
        if not chosen:
            others = ~held & (repeats == repeats[held.argmax()])
            threshold[held] = youden(happened[others], probability=probability[others])
        values = (subjects[held], happened[held], probability[held], threshold[held])
        cells.append(Cell(*name.values(), cohort, fold, *values))
    pooled = []
    for repeat in range(repeats.max() + 1):
        values = (column[repeats == repeat] for column in (subjects, happened, probability, threshold))
        held = folds[repeats == repeat]
        pooled.append(Cell(*name.values(), cohort, POOLED, *values, inflation.of_one(held), folds=held))
    return [*cells, pooled[0] if len(pooled) == 1 else _averaged(pooled)]


def _inside_thresholds(rows: pd.DataFrame) -> np.ndarray:
    """The thresholds (n,) that came with the predictions; NaN where there are none."""
    if "threshold" not in rows:
        return np.full(len(rows), math.nan)
    return rows["threshold"].to_numpy(dtype=float, copy=True)


def _averaged(repeats: list[Cell]) -> Cell:
    """The pooled cell of several repeats, whose metrics are means of what is measured within each.

    ASSUME: where patients are compared, resampled or binned, each stands with the mean of the repeats' probabilities.
    """
    first = repeats[0]
    scores, folds = (np.stack([getattr(one, name) for one in repeats]) for name in ("probability", "folds"))
    factor = inflation.of_repeats(first.happened, scores=scores, folds=folds)
    blank = np.full(len(first.happened), math.nan)
    return replace(
        first, probability=scores.mean(axis=0), threshold=blank, inflation=factor, repeats=tuple(repeats), folds=None
    )


def _external_cells(rows: pd.DataFrame, inside: pd.Series, name: dict[str, str]) -> Iterator[Cell]:
    """A cell for each external cohort, its threshold from the development cohort."""
    own = rows[inside]
    threshold = youden(own["y_true"].to_numpy(), probability=own["probability"].to_numpy(dtype=float))
    for cohort, part in rows[~inside].groupby("cohort", sort=True):
        happened, probability = part["y_true"].to_numpy() == 1, part["probability"].to_numpy(dtype=float)
        limit = np.full(len(part), threshold)
        yield Cell(*name.values(), cohort, EXTERNAL, part["subject"].to_numpy(), happened, probability, limit)


def _check(rows: pd.DataFrame, inside: pd.Series, where: str) -> None:
    outside = rows["subject"][~inside]
    twice = outside[outside.duplicated() | outside.isin(rows["subject"][inside])]
    if len(twice):
        raise StudyError(f"{where}: {twice.iloc[0]} stands twice; delete the table and run again")
    if not inside.any():
        raise StudyError(f"{where}: no out-of-fold predictions, so no threshold can be chosen; run again")
