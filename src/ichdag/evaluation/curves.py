"""Measure calibration by bins of predicted risk, and net benefit over threshold probabilities."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ichdag.evaluation.prediction_groups import EXTERNAL, POOLED, PredictionGroup, groups_by_model
from ichdag.evaluation.proportions import wilson

EVALUATED_FOLDS = (POOLED, EXTERNAL)


def measure_calibration(predictions: pd.DataFrame, *, calibration_bins: int, confidence: float) -> pd.DataFrame:
    """Measure the observed fraction by quantile bins of predicted probability; follows schema calibration."""
    groups = [group for groups in groups_by_model(predictions) for group in groups if group.fold in EVALUATED_FOLDS]
    return pd.concat([_calibration_bins(group, calibration_bins, confidence) for group in groups], ignore_index=True)


def measure_net_benefit(predictions: pd.DataFrame, *, decision_thresholds: Sequence[float]) -> pd.DataFrame:
    """Measure the net benefit of treating above each threshold, Vickers and Elkin 2006; follows schema decision.

    `decision_thresholds` are the first, the last and the step.
    """
    start, stop, step = decision_thresholds
    thresholds = np.round(np.arange(start, stop + step / 2, step), 10)
    groups = [group for groups in groups_by_model(predictions) for group in groups if group.fold in EVALUATED_FOLDS]
    return pd.concat([_net_benefit(group, thresholds) for group in groups], ignore_index=True)


def _calibration_bins(group: PredictionGroup, max_bins: int, confidence: float) -> pd.DataFrame:
    """Bin by quantiles, numbered from 0; equal probabilities share a bin, so that there may be fewer bins."""
    edges = np.quantile(group.probability, np.linspace(0, 1, max_bins + 1)[1:-1])
    quantile_index = np.searchsorted(np.unique(edges), group.probability, side="left")
    _, bins = np.unique(quantile_index, return_inverse=True)
    n = np.bincount(bins)
    events = np.bincount(bins, weights=group.y_true)
    low, high = wilson(events, n, confidence=confidence)
    predicted = np.clip(np.bincount(bins, weights=group.probability) / n, 0, 1)
    columns = {"bin": np.arange(len(n)), "predicted": predicted, "observed": events / n}
    return pd.DataFrame(group.name | columns | {"low": low, "high": high, "n": n})


def _net_benefit(group: PredictionGroup, thresholds: np.ndarray) -> pd.DataFrame:
    """Compute the net benefit of the model and of treating all, at each threshold."""
    odds = thresholds / (1 - thresholds)
    positives, negatives = group.scores_by_class
    n = len(group.y_true)
    true_positives = (positives[:, None] >= thresholds).sum(axis=0) / n
    false_positives = (negatives[:, None] >= thresholds).sum(axis=0) / n
    treat_all = len(positives) / n - len(negatives) / n * odds
    columns = {"threshold": thresholds, "net_benefit": true_positives - false_positives * odds, "treat_all": treat_all}
    return pd.DataFrame(group.name | columns)
