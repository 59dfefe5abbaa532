"""The metrics table: every metric of every model in each fold, pooled, as a mean over folds, and externally."""

import math

import numpy as np
import pandas as pd

from ichdag.evaluation.averages import measure_repeats
from ichdag.evaluation.cells import EXTERNAL, POOLED, Cell, models_of
from ichdag.evaluation.delong import NO_VARIANCE, areas, logit_interval
from ichdag.evaluation.measures import Measure, measure
from ichdag.evaluation.settings import Settings

MEAN = "mean"
NO_INTERVAL = (math.nan, math.nan, None)


def measure_performance(predictions: pd.DataFrame, *, settings: Settings, seed: int) -> pd.DataFrame:
    """Every metric with its interval; `predictions` and the result follow the schemas predictions and metrics."""
    rows = []
    for cells in models_of(predictions):
        measured = [
            (measure_repeats if cell.repeats else measure)(cell, settings=settings, seed=seed) for cell in cells
        ]
        for cell, measures in zip(cells, measured, strict=True):
            rows += [cell.name | vars(found) | {"sd": math.nan} | cell.counts for found in measures]
        folds = [place for place, cell in enumerate(cells) if cell.fold not in (POOLED, EXTERNAL)]
        pooled = next(cell for cell in cells if cell.fold == POOLED)
        means = _means([cells[place] for place in folds], [measured[place] for place in folds], pooled, settings)
        rows += [pooled.name | {"fold": MEAN} | found | pooled.counts for found in means]
    return pd.DataFrame(rows)


def _means(cells: list[Cell], measured: list[list[Measure]], pooled: Cell, settings: Settings) -> list[dict]:
    """Mean and SD over folds of every metric; a metric not defined in some folds is averaged over the others, noted."""
    by_name: dict[str, list[float]] = {}
    for measures in measured:
        for found in measures:
            by_name.setdefault(found.metric, []).append(found.value)
    rows = []
    for name, values in by_name.items():
        known = [value for value in values if not math.isnan(value)]
        mean = float(np.mean(known)) if known else math.nan
        sd = float(np.std(known, ddof=1)) if len(known) > 1 else math.nan
        note = None if len(known) == len(cells) else f"defined in {len(known)} of {len(cells)} folds"
        limits = _mean_auc_interval(cells, mean, pooled, settings) if name == "auc" else NO_INTERVAL
        factor = pooled.inflation if limits[2] else math.nan
        rows.append(vars(Measure(name, mean, *limits, note, inflation=factor)) | {"sd": sd})
    return rows


def _mean_auc_interval(
    cells: list[Cell], mean: float, pooled: Cell, settings: Settings
) -> tuple[float, float, str | None]:
    """Limits of the mean AUC over folds on the logit scale: DeLong's variances added up, then inflated.

    LeDell, Petersen, van der Laan 2015 (doi 10.1214/15-EJS1035) but for `inflation`. Repeats are averaged, as
    they have the same patients.
    """
    folds = len(cells) // max(1, len(pooled.repeats))
    variance = sum(areas(cell.happened, scores=cell.probability).covariance[0, 0] for cell in cells)
    variance /= len(cells) * folds
    if not variance > NO_VARIANCE or not 0 < mean < 1:
        return NO_INTERVAL
    return *logit_interval(
        mean, variance=variance * pooled.inflation, confidence=settings.confidence
    ), "delong-corrected"
