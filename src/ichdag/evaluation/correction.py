"""Correct the AUC of each outcome's best model for its choice as the best of many."""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from ichdag.constants import FEATURE_SETS
from ichdag.evaluation.delong import estimate_aucs
from ichdag.evaluation.metrics import NO_BOOTSTRAP, has_no_width
from ichdag.evaluation.prediction_groups import EXTERNAL, POOLED, PredictionGroup, groups_by_model
from ichdag.evaluation.resampling import Resamples, percentiles, resample, resampled_auc
from ichdag.evaluation.schemas import BEST
from ichdag.jobs import StudyError

CORRECTED_COLUMNS = ("corrected", "corrected_low", "corrected_high")


def correct_best(predictions: pd.DataFrame, *, confidence: float, bootstrap: int, seed: int) -> pd.DataFrame:
    """Compute the pooled AUC of the best model of each outcome, raw and corrected; follows schema best.

    Bootstrap bias-corrected cross-validation (Tsamardinos et al. 2018, doi 10.1007/s10994-018-5714-4): in each resample
    of the participants the best model is chosen again, and evaluated on those who were not drawn. The corrected AUC is
    the mean, its limits are percentiles; they are wide, as about a third of the participants is not drawn. The model
    is that of `best_models`: comparators are excluded, and models that are flat in a fold if there are others. An
    outcome without any AUC has no row.
    """
    competing: dict[str, tuple[list[PredictionGroup], list[PredictionGroup]]] = {}
    for groups in groups_by_model(predictions):
        pooled = next(group for group in groups if group.fold == POOLED)
        if pooled.features in FEATURE_SETS:
            flat = any(group.is_flat for group in groups if group.fold not in (POOLED, EXTERNAL))
            competing.setdefault(pooled.outcome, ([], []))[flat].append(pooled)
    rows = [
        row for not_flat, flat in competing.values() for row in _best_row(not_flat or flat, confidence, bootstrap, seed)
    ]
    return pd.DataFrame(rows, columns=BEST.column_names)


def _best_row(models: list[PredictionGroup], confidence: float, bootstrap: int, seed: int) -> Iterator[dict]:
    """Yield the row of one outcome, none if a class is missing."""
    first = models[0]
    for group in models:
        if not np.array_equal(group.subjects, first.subjects):
            raise StudyError(
                f"predictions, outcome {group.outcome}: {group.features} with {group.classifier} has other "
                f"participants than {first.features} with {first.classifier}; delete the table and run again"
            )
    positives = first.counts["positives"]
    negatives = first.counts["n"] - positives
    if not positives or not negatives:
        return
    aucs = [
        float(
            np.mean(
                [estimate_aucs(repeat.y_true, scores=repeat.probability).auc[0] for repeat in _single_cv_groups(model)]
            )
        )
        for model in models
    ]
    best = int(np.argmax(aucs))
    row = {name: getattr(models[best], name) for name in ("outcome", "features", "classifier")}
    corrected = _corrected(models, resample(positives, negatives, count=bootstrap, seed=seed), confidence)
    note = "every resample drew a whole class" if math.isnan(corrected[0]) else None
    if has_no_width(corrected[1:]):
        corrected = (corrected[0], math.nan, math.nan)
        note = NO_BOOTSTRAP
    row |= {"models": len(models), "auc": aucs[best]} | dict(zip(CORRECTED_COLUMNS, corrected, strict=True))
    yield row | first.counts | {"note": note}


def _corrected(models: list[PredictionGroup], draws: Resamples, confidence: float) -> tuple[float, float, float]:
    """Compute mean and limits, over resamples, of the AUC of the chosen model on participants who were not drawn.

    Resamples that drew all participants of a class are ignored; NaN if all did.
    """
    not_drawn = Resamples(*(np.equal(counts, 0).astype(np.float32) for counts in (draws.positives, draws.negatives)))
    auc_drawn, auc_not_drawn = (
        np.stack([_mean_auc(group, weights) for group in models]) for weights in (draws, not_drawn)
    )
    auc_of_chosen = np.take_along_axis(auc_not_drawn, auc_drawn.argmax(axis=0)[None], axis=0)[0]
    auc_of_chosen = auc_of_chosen[np.isfinite(auc_of_chosen)]
    if not len(auc_of_chosen):
        return math.nan, math.nan, math.nan
    return float(auc_of_chosen.mean()), *percentiles(auc_of_chosen, confidence=confidence)


def _mean_auc(group: PredictionGroup, draws: Resamples) -> np.ndarray:
    """Compute the AUC (B,) of every resample, as the mean over repeats of the cross-validation."""
    return np.mean([resampled_auc(*repeat.scores_by_class, draws=draws) for repeat in _single_cv_groups(group)], axis=0)


def _single_cv_groups(group: PredictionGroup) -> tuple[PredictionGroup, ...]:
    """Split a pooled group into its repeats."""
    return group.repeats or (group,)
