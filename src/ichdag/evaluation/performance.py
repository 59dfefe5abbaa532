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
        folds = [place for place, cell in enumerate(cells) if cell.fold not in (POOLED, EXTERNAL)]
        flat = sum(cells[place].is_flat for place in folds)
        for cell, measures in zip(cells, measured, strict=True):
            own = (flat, len(folds)) if cell.fold == POOLED else (int(cell.is_flat), 1)
            rows += [cell.name | _said(vars(found), *own) | {"sd": math.nan} | cell.counts for found in measures]
        pooled = next(cell for cell in cells if cell.fold == POOLED)
        means = _means([cells[place] for place in folds], [measured[place] for place in folds], pooled, settings)
        rows += [pooled.name | {"fold": MEAN} | _said(found, flat, len(folds)) | pooled.counts for found in means]
    return pd.DataFrame(rows)


def _said(row: dict, flat: int, count: int) -> dict:
    """A row with the number of folds whose probabilities are flat, which the note of an AUC tells in words."""
    words = "flat probabilities" + (f" in {flat} of {count} folds" if count > 1 else "") + ": only their ranks tell"
    if flat and row["metric"] == "auc":
        row = row | {"note": "; ".join(note for note in (row["note"], words) if note)}
    return row | {"flat": flat}


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
        limits, fault = NO_INTERVAL, None
        if name == "auc" and known:
            limits, fault = _mean_auc_interval(cells, mean, pooled, settings)
        text = "; ".join(part for part in (note, fault) if part) or None
        factor = pooled.inflation if limits[2] else math.nan
        rows.append(vars(Measure(name, mean, *limits, text, inflation=factor)) | {"sd": sd})
    return rows


def _mean_auc_interval(
    cells: list[Cell], mean: float, pooled: Cell, settings: Settings
) -> tuple[tuple[float, float, str | None], str | None]:
    """Limits of the mean AUC over folds on the logit scale, and why there are none.

    DeLong's variances added up, then inflated: LeDell, Petersen, van der Laan 2015 (doi 10.1214/15-EJS1035) but for
    `inflation`. Repeats are averaged, as they have the same patients. Folds that lack a class are no part of the
    mean, nor of its variance.
    """
    found = [areas(cell.happened, scores=cell.probability) for cell in cells]
    found = [one for one in found if not math.isnan(one.auc[0])]
    alone = sum(min(one.positives, one.negatives) < 2 for one in found)
    if alone:
        return NO_INTERVAL, f"no interval: a class has one participant in {alone} of {len(cells)} folds"
    folds = len(found) / max(1, len(pooled.repeats))
    variance = sum(one.covariance[0, 0] for one in found) / (len(found) * folds)
    if not variance > NO_VARIANCE or not 0 < mean < 1:
        return NO_INTERVAL, "no interval: the AUCs of the folds have no variance"
    widened = variance * pooled.inflation
    return (*logit_interval(mean, variance=widened, confidence=settings.confidence), "delong-corrected"), None
