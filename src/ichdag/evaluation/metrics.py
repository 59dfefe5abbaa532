"""Compute every metric of one group of predictions, with its interval."""

import math
from dataclasses import dataclass

import numpy as np

from ichdag.evaluation.delong import auc_interval, estimate_aucs
from ichdag.evaluation.evaluation_settings import EvaluationSettings
from ichdag.evaluation.prediction_groups import PredictionGroup
from ichdag.evaluation.proportions import normal_quantile, wilson
from ichdag.evaluation.recalibration import recalibrate
from ichdag.evaluation.resampling import (
    Resamples,
    percentiles,
    resample,
    resampled_auc,
    resampled_precision,
    widen,
)

ONE_CLASS = "one class only"
NO_BOOTSTRAP = "no bootstrap limits: all resamples are equal"
NO_THRESHOLD = "no threshold: one class only where it is chosen"
MIN_WIDTH = 1e-9


@dataclass(frozen=True)
class Metric:
    """One metric: value and limits (NaN if undefined), method of the interval, and a note why it is undefined.

    The AUC has bootstrap limits beside DeLong's, and the factor that inflated the variance of both.
    """

    metric: str
    value: float
    low: float = math.nan
    high: float = math.nan
    interval: str | None = None
    note: str | None = None
    bootstrap_low: float = math.nan
    bootstrap_high: float = math.nan
    inflation: float = math.nan


def compute_metrics(group: PredictionGroup, *, settings: EvaluationSettings, seed: int) -> list[Metric]:
    """Compute all metrics of one group.

    Limits: DeLong for AUC, with bootstrap limits beside them, both widened if folds are pooled (`inflation`);
    Wilson for the four proportions and F1, as the threshold was chosen without these participants, and for the average
    precision; Wald for the recalibration; percentiles of a bootstrap within each class for the Brier score.
    """
    m = group.counts["positives"]
    draws = resample(m, group.counts["n"] - m, count=settings.bootstrap, seed=seed)
    return [
        _auc(group, draws, settings),
        _average_precision(group, settings),
        *_at_threshold(group, settings),
        _brier(group, draws, settings),
        *_calibration(group, settings),
    ]


def _auc(group: PredictionGroup, draws: Resamples, settings: EvaluationSettings) -> Metric:
    estimate = estimate_aucs(group.y_true, scores=group.probability).inflated(group.inflation)
    low, high, method = auc_interval(estimate, confidence=settings.confidence)
    value = float(estimate.auc[0])
    if math.isnan(value):
        return Metric("auc", value, low, high, method, ONE_CLASS)
    limits = percentiles(resampled_auc(*group.scores_by_class, draws=draws), confidence=settings.confidence)
    return Metric(
        "auc", value, low, high, interval_name(method, group), *bootstrap_limits(value, limits, group), group.inflation
    )


def bootstrap_limits(
    value: float, limits: tuple[float, float], group: PredictionGroup
) -> tuple[str | None, float, float]:
    """Compute note and bootstrap limits of an AUC, widened by the factor; NaN, with a note, if they have no width."""
    if has_no_width(limits):
        return NO_BOOTSTRAP, math.nan, math.nan
    return None, *widen(value, limits, factor=group.inflation, within=(0, 1))


def has_no_width(limits: tuple[float, float]) -> bool:
    """Tell whether limits have no width, so that they show no uncertainty; missing limits are not tested."""
    return limits[1] - limits[0] < MIN_WIDTH


def interval_name(method: str, group: PredictionGroup) -> str:
    """Name the method of an AUC's limits as the tables do."""
    return f"{method}-corrected" if method == "delong" and group.inflation > 1 else method


def _average_precision(group: PredictionGroup, settings: EvaluationSettings) -> Metric:
    """Compute average precision, with the limits of a proportion of the positives.

    ASSUME: the binomial interval of Boyd, Eng and Page (ECML PKDD 2013), as Wilson's, which has a
    width at 0 and 1 too, where all bootstrap resamples are equal.
    """
    positives, negatives = group.scores_by_class
    if not len(positives) or not len(negatives):
        return Metric("average_precision", math.nan, note=ONE_CLASS)
    all_once = Resamples(np.ones((len(positives), 1)), np.ones((len(negatives), 1)))
    value = float(resampled_precision(positives, negatives, draws=all_once)[0])
    limits = _proportion_limits(value * len(positives), len(positives), settings)
    return Metric("average_precision", value, *limits, "wilson")


def _proportion_limits(count: float, total: int, settings: EvaluationSettings) -> tuple[float, float]:
    low, high = wilson(np.array(count), np.array(total), confidence=settings.confidence)
    return float(low), float(high)


def _brier(group: PredictionGroup, draws: Resamples, settings: EvaluationSettings) -> Metric:
    """Compute the Brier score; if all resamples are equal, with Wilson's limits, valid for any score from 0 to 1."""
    positives, negatives = group.scores_by_class
    errors = ((1 - positives) ** 2, negatives**2)
    n = len(positives) + len(negatives)
    value = float(errors[0].sum() + errors[1].sum()) / n
    resampled = (_weighted_sums(errors[0], draws.positives) + _weighted_sums(errors[1], draws.negatives)) / n
    limits = percentiles(resampled, confidence=settings.confidence)
    if has_no_width(limits):
        return Metric("brier", value, *_proportion_limits(value * n, n, settings), "wilson")
    return Metric("brier", value, *limits, "bootstrap")


def _at_threshold(group: PredictionGroup, settings: EvaluationSettings) -> list[Metric]:
    """Compute metrics of the binary prediction 'probability at least the threshold'."""
    names = ("f1", "sensitivity", "specificity", "ppv", "npv")
    if np.isnan(group.threshold).any():
        return [Metric(name, math.nan, note=NO_THRESHOLD) for name in names]
    predicted_positive = group.probability >= group.threshold
    tp = int(predicted_positive[group.y_true].sum())
    fp = int(predicted_positive[~group.y_true].sum())
    fn = int(group.y_true.sum()) - tp
    tn = int((~group.y_true).sum()) - fp
    metrics = [_f1(tp, fp, fn, settings)]
    counts = [tp, tn, tp, tn]
    totals = [tp + fn, tn + fp, tp + fp, tn + fn]
    lows, highs = wilson(np.array(counts), np.array(totals), confidence=settings.confidence)
    for index, name in enumerate(names[1:]):
        if totals[index]:
            limits = float(lows[index]), float(highs[index])
            metrics.append(Metric(name, counts[index] / totals[index], *limits, "wilson"))
        else:
            metrics.append(Metric(name, math.nan, note="nobody to count"))
    if group.threshold.min() == group.threshold.max():
        metrics.append(Metric("threshold", float(group.threshold[0])))
    return metrics


def _f1(tp: int, fp: int, fn: int, settings: EvaluationSettings) -> Metric:
    """Compute F1 with the limits of the proportion tp / (tp + fp + fn), of which it is an increasing function.

    The indirect Wilson interval of Lam et al. 2023 (arXiv 2309.14621), which has a width at 0 and 1 too.
    """
    if not tp + fn:
        return Metric("f1", math.nan, note="nobody with the outcome")
    low, high = _proportion_limits(tp, tp + fp + fn, settings)
    return Metric("f1", 2 * tp / (2 * tp + fp + fn), 2 * low / (1 + low), 2 * high / (1 + high), "wilson")


def _calibration(group: PredictionGroup, settings: EvaluationSettings) -> list[Metric]:
    recalibration = recalibrate(group.y_true, probability=group.probability, smallest=settings.min_probability)
    z = normal_quantile(settings.confidence)
    metrics = []
    for name, value, standard_error in (
        ("slope", recalibration.slope, recalibration.slope_error),
        ("intercept", recalibration.intercept, recalibration.intercept_error),
        ("calibration_in_the_large", recalibration.in_the_large, recalibration.in_the_large_error),
    ):
        if math.isnan(value):
            metrics.append(Metric(name, math.nan, note=recalibration.note))
        else:
            metrics.append(Metric(name, value, value - z * standard_error, value + z * standard_error, "wald"))
    return metrics


def _weighted_sums(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Sum values (m,) in every resample (m, B), in double precision: (B,)."""
    return np.einsum("i,ij->j", values.astype(float), counts, dtype=float)
