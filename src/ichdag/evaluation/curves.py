"""Calibration by bins of predicted risk, and net benefit over threshold probabilities."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ichdag.evaluation.cells import EXTERNAL, POOLED, Cell, models_of
from ichdag.evaluation.proportions import wilson

SHOWN = (POOLED, EXTERNAL)


def measure_calibration(predictions: pd.DataFrame, *, calibration_bins: int, confidence: float) -> pd.DataFrame:
    """Observed fraction by quantile bins of predicted probability; the result follows schema calibration."""
    cells = [cell for cells in models_of(predictions) for cell in cells if cell.fold in SHOWN]
    return pd.concat([_bins(cell, calibration_bins, confidence) for cell in cells], ignore_index=True)


def measure_net_benefit(predictions: pd.DataFrame, *, decision_thresholds: Sequence[float]) -> pd.DataFrame:
    """Net benefit of treating above each threshold probability, Vickers and Elkin 2006; follows schema decision.

    `decision_thresholds` are the first, the last and the step.
    """
    start, stop, step = decision_thresholds
    thresholds = np.round(np.arange(start, stop + step / 2, step), 10)
    cells = [cell for cells in models_of(predictions) for cell in cells if cell.fold in SHOWN]
    return pd.concat([_net_benefit(cell, thresholds) for cell in cells], ignore_index=True)


def _bins(cell: Cell, most: int, confidence: float) -> pd.DataFrame:
    """Equal probabilities share a bin, so that there may be fewer bins than asked for; numbered from 0 without gaps."""
    edges = np.quantile(cell.probability, np.linspace(0, 1, most + 1)[1:-1])
    places = np.searchsorted(np.unique(edges), cell.probability, side="left")
    _, bins = np.unique(places, return_inverse=True)
    n = np.bincount(bins)
    events = np.bincount(bins, weights=cell.happened)
    low, high = wilson(events, n, confidence=confidence)
    predicted = np.clip(np.bincount(bins, weights=cell.probability) / n, 0, 1)
    columns = {"bin": np.arange(len(n)), "predicted": predicted, "observed": events / n}
    return pd.DataFrame(cell.name | columns | {"low": low, "high": high, "n": n})


def _net_benefit(cell: Cell, thresholds: np.ndarray) -> pd.DataFrame:
    odds = thresholds / (1 - thresholds)
    yes, no = cell.split
    n = len(cell.happened)
    hits = (yes[:, None] >= thresholds).sum(axis=0) / n
    alarms = (no[:, None] >= thresholds).sum(axis=0) / n
    everybody = len(yes) / n - len(no) / n * odds
    columns = {"threshold": thresholds, "net_benefit": hits - alarms * odds, "treat_all": everybody}
    return pd.DataFrame(cell.name | columns)
