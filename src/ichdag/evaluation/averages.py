"""Metrics of a cross-validation that was repeated: measured within each repeat, then averaged."""

import math
from dataclasses import replace

import numpy as np

from ichdag.evaluation.cells import Cell
from ichdag.evaluation.delong import areas, auc_interval
from ichdag.evaluation.measures import Measure, bootstrapped, measure, named
from ichdag.evaluation.resampling import percentiles, resample, resampled_auc
from ichdag.evaluation.settings import Settings


def measure_repeats(cell: Cell, *, settings: Settings, seed: int) -> list[Measure]:
    """All metrics of a pooled cell of several repeats: value and limits are means over the repeats.

    The limits are thus those of a single cross-validation: repeating it adds no patients. Those of the AUC lie around
    the mean AUC and are as wide as DeLong's and the bootstrap's for each patient's mean probability.
    """
    found: dict[str, list[Measure]] = {}
    for one in cell.repeats:
        for measured in measure(one, settings=settings, seed=seed):
            found.setdefault(measured.metric, []).append(measured)
    return [
        _auc(cell, measures, settings, seed) if name == "auc" else _mean(measures, len(cell.repeats))
        for name, measures in found.items()
    ]


def _mean(measures: list[Measure], repeats: int) -> Measure:
    """One metric over the repeats in which it is defined; a note says in how many, if not in all."""
    known = [one for one in measures if not math.isnan(one.value)]
    if not known:
        return measures[0]
    values, lows, highs = (float(np.mean([getattr(one, name) for one in known])) for name in ("value", "low", "high"))
    note = None if len(known) == repeats else f"defined in {len(known)} of {repeats} repeats"
    return Measure(known[0].metric, values, lows, highs, known[0].interval, note)


def _auc(cell: Cell, measures: list[Measure], settings: Settings, seed: int) -> Measure:
    """The mean AUC over repeats, with limits from the mean probabilities."""
    value = float(np.mean([one.value for one in measures]))
    if math.isnan(value):
        return measures[0]
    found = areas(cell.happened, scores=cell.probability).widened(cell.inflation)
    moved = value - float(found.auc[0])
    low, high, method = auc_interval(replace(found, auc=np.array([value])), confidence=settings.confidence)
    draws = resample(found.positives, found.negatives, count=settings.bootstrap, seed=seed)
    limits = percentiles(resampled_auc(*cell.split, draws=draws), confidence=settings.confidence)
    told = bootstrapped(value, (limits[0] + moved, limits[1] + moved), cell)
    return Measure("auc", value, low, high, named(method, cell), *told, cell.inflation)
