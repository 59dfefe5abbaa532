"""Group predictions by model and by fold, all folds pooled, or external cohort."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import logit

from ichdag.evaluation import inflation
from ichdag.evaluation.recalibration import is_flat
from ichdag.jobs import StudyError
from ichdag.repeats import infer_repeats
from ichdag.youden import youden_threshold

EXTERNAL = "external"
POOLED = "pooled"
MIN_PROBABILITY = 1e-12  # probabilities are clipped to it, so that logits are finite
MODEL_COLUMNS = ["outcome", "features", "classifier"]


@dataclass(frozen=True)
class PredictionGroup:
    """One model's predictions for n participants, by subject; `threshold` (n,) was chosen without them.

    `inflation` multiplies the variance of an AUC: above 1 if the predictions come from several folds.
    `folds` (n,) is the fold of each participant in a pooled group; `repeats` has the groups of each repeat, if several.
    """

    outcome: str
    features: str
    classifier: str
    cohort: str
    fold: str
    subjects: np.ndarray
    y_true: np.ndarray
    probability: np.ndarray
    threshold: np.ndarray
    inflation: float = 1.0
    repeats: tuple["PredictionGroup", ...] = ()
    folds: np.ndarray | None = None

    @property
    def name(self) -> dict[str, str]:
        """Columns that identify the group in every table."""
        return {name: getattr(self, name) for name in (*MODEL_COLUMNS, "cohort", "fold")}

    @property
    def counts(self) -> dict[str, int]:
        """Number of participants, and number with the outcome."""
        return {"n": len(self.y_true), "positives": int(self.y_true.sum())}

    @property
    def is_flat(self) -> bool:
        """Whether all probabilities are equal to three digits, which the AUC does not show."""
        clipped = np.clip(self.probability, MIN_PROBABILITY, 1 - MIN_PROBABILITY)
        return len(clipped) > 1 and is_flat(logit(clipped))

    @property
    def scores_by_class(self) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities of participants with and without the outcome, each by subject."""
        return self.probability[self.y_true], self.probability[~self.y_true]


def groups_by_model(predictions: pd.DataFrame) -> Iterator[list[PredictionGroup]]:
    """Yield the groups of each model: its folds, all folds pooled, each external cohort.

    `predictions` follows its schema. The threshold of a fold was chosen in its training part; a predictor that was not
    fitted gets Youden's threshold on the other folds of the same repeat. External cohorts get Youden's threshold on all
    folds, without their data. 'pooled' keeps the thresholds of the folds; for several repeats see `_mean_of_repeats`.
    Raises StudyError if a participant is duplicated in a model, or a model has no cross-validation.
    """
    text_columns = dict.fromkeys(("cohort", "fold", "subject"), object)
    for (outcome, features, classifier), rows in predictions.groupby(MODEL_COLUMNS, sort=False):
        rows = rows.astype(text_columns).sort_values("subject")
        out_of_fold = rows["fold"] != EXTERNAL
        where = f"predictions, outcome {outcome}, features {features}, classifier {classifier}"
        _check_subjects(rows, out_of_fold, where)
        development = rows[out_of_fold]
        repeats = infer_repeats(development["subject"].to_numpy(), folds=development["fold"].to_numpy(), where=where)
        model = (outcome, features, classifier)
        yield [*_development_groups(development, model, repeats), *_external_groups(rows, out_of_fold, model)]


def _development_groups(rows: pd.DataFrame, model: tuple[str, str, str], repeats: np.ndarray) -> list[PredictionGroup]:
    """Create a group for each fold, and the pooled one."""
    y_true = rows["y_true"].to_numpy() == 1
    probability = rows["probability"].to_numpy(dtype=float)
    folds = rows["fold"].to_numpy()
    subjects = rows["subject"].to_numpy()
    cohort = " + ".join(sorted(rows["cohort"].unique()))
    threshold = _training_thresholds(rows)
    has_thresholds = not np.isnan(threshold).all()
    groups = []
    for fold in sorted(set(folds), key=lambda text: (len(text), text)):
        in_fold = folds == fold
        if not has_thresholds:
            other_folds = ~in_fold & (repeats == repeats[in_fold.argmax()])
            threshold[in_fold] = youden_threshold(y_true[other_folds], probability=probability[other_folds])
        values = (subjects[in_fold], y_true[in_fold], probability[in_fold], threshold[in_fold])
        groups.append(PredictionGroup(*model, cohort, fold, *values))
    pooled = []
    for repeat in range(repeats.max() + 1):
        rows_of = repeats == repeat
        values = (subjects[rows_of], y_true[rows_of], probability[rows_of], threshold[rows_of])
        factor = inflation.of_single_cv(folds[rows_of])
        pooled.append(PredictionGroup(*model, cohort, POOLED, *values, factor, folds=folds[rows_of]))
    return [*groups, pooled[0] if len(pooled) == 1 else _mean_of_repeats(pooled)]


def _training_thresholds(rows: pd.DataFrame) -> np.ndarray:
    """Return the thresholds (n,) of the predictions table; NaN if there are none."""
    if "threshold" not in rows:
        return np.full(len(rows), math.nan)
    return rows["threshold"].to_numpy(dtype=float, copy=True)


def _mean_of_repeats(repeats: list[PredictionGroup]) -> PredictionGroup:
    """Create the pooled group of several repeats, whose metrics are means of the metrics of each repeat.

    ASSUME: where patients are compared, resampled or binned, the probability is the mean over repeats.
    """
    first = repeats[0]
    scores = np.stack([repeat.probability for repeat in repeats])
    folds = np.stack([repeat.folds for repeat in repeats if repeat.folds is not None])
    factor = inflation.of_repeated_cv(first.y_true, scores=scores, folds=folds)
    blank = np.full(len(first.y_true), math.nan)
    return replace(
        first, probability=scores.mean(axis=0), threshold=blank, inflation=factor, repeats=tuple(repeats), folds=None
    )


def _external_groups(
    rows: pd.DataFrame, out_of_fold: pd.Series, model: tuple[str, str, str]
) -> Iterator[PredictionGroup]:
    """Create a group for each external cohort, with the threshold from the development cohort."""
    development = rows[out_of_fold]
    threshold = youden_threshold(
        development["y_true"].to_numpy(), probability=development["probability"].to_numpy(dtype=float)
    )
    for cohort, cohort_rows in rows[~out_of_fold].groupby("cohort", sort=True):
        subjects = cohort_rows["subject"].to_numpy()
        y_true = cohort_rows["y_true"].to_numpy() == 1
        probability = cohort_rows["probability"].to_numpy(dtype=float)
        thresholds = np.full(len(cohort_rows), threshold)
        yield PredictionGroup(*model, cohort, EXTERNAL, subjects, y_true, probability, thresholds)


def _check_subjects(rows: pd.DataFrame, out_of_fold: pd.Series, where: str) -> None:
    """Raise StudyError for duplicated external participants, or without out-of-fold predictions."""
    external_subjects = rows["subject"][~out_of_fold]
    duplicates = external_subjects[
        external_subjects.duplicated() | external_subjects.isin(rows["subject"][out_of_fold])
    ]
    if len(duplicates):
        raise StudyError(f"{where}: {duplicates.iloc[0]} stands twice; delete the table and run again")
    if not out_of_fold.any():
        raise StudyError(f"{where}: no out-of-fold predictions, so no threshold can be chosen; run again")
