"""Build the metrics table: every metric of every model by fold, pooled, as mean over folds, and externally."""

import math

import numpy as np
import pandas as pd

from ichdag.evaluation.averages import measure_repeats
from ichdag.evaluation.delong import MIN_VARIANCE, estimate_aucs, logit_interval
from ichdag.evaluation.evaluation_settings import EvaluationSettings
from ichdag.evaluation.metrics import Metric, compute_metrics
from ichdag.evaluation.prediction_groups import EXTERNAL, POOLED, PredictionGroup, groups_by_model

MEAN = "mean"
NO_INTERVAL: tuple[float, float, str | None] = (math.nan, math.nan, None)


def measure_performance(predictions: pd.DataFrame, *, settings: EvaluationSettings, seed: int) -> pd.DataFrame:
    """Compute every metric with its interval; `predictions` and the result follow schemas predictions and metrics."""
    rows = []
    for groups in groups_by_model(predictions):
        metrics_of_groups = [
            (measure_repeats if group.repeats else compute_metrics)(group, settings=settings, seed=seed)
            for group in groups
        ]
        folds = [index for index, group in enumerate(groups) if group.fold not in (POOLED, EXTERNAL)]
        flat_folds = sum(groups[index].is_flat for index in folds)
        for group, metrics in zip(groups, metrics_of_groups, strict=True):
            flat_count = (flat_folds, len(folds)) if group.fold == POOLED else (int(group.is_flat), 1)
            rows += [
                group.name | _with_flat_note(vars(metric), *flat_count) | {"sd": math.nan} | group.counts
                for metric in metrics
            ]
        pooled = next(group for group in groups if group.fold == POOLED)
        means = _means(
            [groups[index] for index in folds], [metrics_of_groups[index] for index in folds], pooled, settings
        )
        rows += [
            pooled.name | {"fold": MEAN} | _with_flat_note(metric, flat_folds, len(folds)) | pooled.counts
            for metric in means
        ]
    return pd.DataFrame(rows)


def _with_flat_note(row: dict, flat: int, count: int) -> dict:
    """Add the number of folds with flat probabilities to a row, and to the note of an AUC."""
    words = "flat probabilities" + (f" in {flat} of {count} folds" if count > 1 else "") + ": only their ranks tell"
    if flat and row["metric"] == "auc":
        row = row | {"note": "; ".join(note for note in (row["note"], words) if note)}
    return row | {"flat": flat}


def _means(
    groups: list[PredictionGroup],
    metrics_of_groups: list[list[Metric]],
    pooled: PredictionGroup,
    settings: EvaluationSettings,
) -> list[dict]:
    """Compute mean and SD over folds of every metric; a note says if it is undefined in some folds."""
    by_name: dict[str, list[float]] = {}
    for metrics in metrics_of_groups:
        for metric in metrics:
            by_name.setdefault(metric.metric, []).append(metric.value)
    rows = []
    for name, values in by_name.items():
        defined = [value for value in values if not math.isnan(value)]
        mean = float(np.mean(defined)) if defined else math.nan
        sd = float(np.std(defined, ddof=1)) if len(defined) > 1 else math.nan
        defined_note = None if len(defined) == len(groups) else f"defined in {len(defined)} of {len(groups)} folds"
        limits = NO_INTERVAL
        reason = None
        if name == "auc" and defined:
            limits, reason = _mean_auc_interval(groups, mean, pooled, settings)
        note = "; ".join(text for text in (defined_note, reason) if text) or None
        factor = pooled.inflation if limits[2] else math.nan
        rows.append(vars(Metric(name, mean, *limits, note, inflation=factor)) | {"sd": sd})
    return rows


def _mean_auc_interval(
    groups: list[PredictionGroup], mean: float, pooled: PredictionGroup, settings: EvaluationSettings
) -> tuple[tuple[float, float, str | None], str | None]:
    """Compute the limits of the mean AUC over folds on the logit scale, or the reason why there are none.

    DeLong's variances are summed, then inflated: LeDell, Petersen, van der Laan 2015 (doi 10.1214/15-EJS1035), with
    `inflation` added. Repeats are averaged, as they have the same patients. Folds that lack a class are ignored.
    """
    estimates = [estimate_aucs(group.y_true, scores=group.probability) for group in groups]
    estimates = [estimate for estimate in estimates if not math.isnan(estimate.auc[0])]
    too_few = sum(min(estimate.positives, estimate.negatives) < 2 for estimate in estimates)
    if too_few:
        return NO_INTERVAL, f"no interval: a class has one participant in {too_few} of {len(groups)} folds"
    folds = len(estimates) / max(1, len(pooled.repeats))
    variance = sum(estimate.covariance[0, 0] for estimate in estimates) / (len(estimates) * folds)
    if not variance > MIN_VARIANCE or not 0 < mean < 1:
        return NO_INTERVAL, "no interval: the AUCs of the folds have no variance"
    inflated = variance * pooled.inflation
    return (*logit_interval(mean, variance=inflated, confidence=settings.confidence), "delong-corrected"), None
