"""Compute metrics of a repeated cross-validation: within each repeat, then averaged."""

import math
from dataclasses import replace

import numpy as np

from ichdag.evaluation.delong import auc_interval, estimate_aucs
from ichdag.evaluation.evaluation_settings import EvaluationSettings
from ichdag.evaluation.metrics import Metric, bootstrap_limits, compute_metrics, interval_name
from ichdag.evaluation.prediction_groups import PredictionGroup
from ichdag.evaluation.resampling import percentiles, resample, resampled_auc


def measure_repeats(group: PredictionGroup, *, settings: EvaluationSettings, seed: int) -> list[Metric]:
    """Compute all metrics of a pooled group of several repeats: value and limits are means over the repeats.

    So the limits are those of a single cross-validation: repeats add no patients. Limits of the AUC are those by
    DeLong and bootstrap of the mean probability of each patient, moved to the mean AUC.
    """
    by_metric: dict[str, list[Metric]] = {}
    for repeat in group.repeats:
        for metric in compute_metrics(repeat, settings=settings, seed=seed):
            by_metric.setdefault(metric.metric, []).append(metric)
    return [
        _auc(group, metrics, settings, seed) if name == "auc" else _mean(metrics, len(group.repeats))
        for name, metrics in by_metric.items()
    ]


def _mean(metrics: list[Metric], repeats: int) -> Metric:
    """Average one metric over the repeats in which it is defined; a note gives their number, if not all."""
    defined = [metric for metric in metrics if not math.isnan(metric.value)]
    if not defined:
        return metrics[0]
    value, low, high = (
        float(np.mean([getattr(metric, name) for metric in defined])) for name in ("value", "low", "high")
    )
    note = None if len(defined) == repeats else f"defined in {len(defined)} of {repeats} repeats"
    return Metric(defined[0].metric, value, low, high, defined[0].interval, note)


def _auc(group: PredictionGroup, metrics: list[Metric], settings: EvaluationSettings, seed: int) -> Metric:
    """Compute the mean AUC over repeats, with limits from the mean probabilities."""
    value = float(np.mean([metric.value for metric in metrics]))
    if math.isnan(value):
        return metrics[0]
    estimate = estimate_aucs(group.y_true, scores=group.probability).inflated(group.inflation)
    shift = value - float(estimate.auc[0])
    low, high, method = auc_interval(replace(estimate, auc=np.array([value])), confidence=settings.confidence)
    draws = resample(estimate.positives, estimate.negatives, count=settings.bootstrap, seed=seed)
    limits = percentiles(resampled_auc(*group.scores_by_class, draws=draws), confidence=settings.confidence)
    note_and_limits = bootstrap_limits(value, (limits[0] + shift, limits[1] + shift), group)
    return Metric("auc", value, low, high, interval_name(method, group), *note_and_limits, group.inflation)
