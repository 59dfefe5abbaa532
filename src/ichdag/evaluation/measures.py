"""Every metric of one cell, with its interval and how that was computed."""

import math
from dataclasses import dataclass

import numpy as np

from ichdag.evaluation.cells import Cell
from ichdag.evaluation.delong import areas, auc_interval
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
from ichdag.evaluation.settings import Settings

ONE_CLASS = "one class only"
NO_BOOTSTRAP = "no bootstrap limits: all resamples are equal"
NO_THRESHOLD = "no threshold: one class only where it is chosen"
ALL_EQUAL = 1e-9


@dataclass(frozen=True)
class Measure:
    """One metric: value and limits (NaN where not defined), how the limits were computed, why it is not defined.

    The AUC has bootstrap limits beside DeLong's, and the factor by which the variance of both was multiplied.
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


def measure(cell: Cell, *, settings: Settings, seed: int) -> list[Measure]:
    """All metrics of one cell.

    Limits: DeLong for AUC, with bootstrap limits beside them, both widened where folds are pooled (`inflation`);
    Wilson for the four proportions and F1, as the threshold was chosen without these participants, and for the average
    precision; Wald for the recalibration; percentiles of a bootstrap within each class for the Brier score.
    """
    m = cell.counts["positives"]
    draws = resample(m, cell.counts["n"] - m, count=settings.bootstrap, seed=seed)
    return [
        _auc(cell, draws, settings),
        _average_precision(cell, settings),
        *_at_threshold(cell, settings),
        _brier(cell, draws, settings),
        *_calibration(cell, settings),
    ]


def _auc(cell: Cell, draws: Resamples, settings: Settings) -> Measure:
    found = areas(cell.happened, scores=cell.probability).widened(cell.inflation)
    low, high, method = auc_interval(found, confidence=settings.confidence)
    value = float(found.auc[0])
    if math.isnan(value):
        return Measure("auc", value, low, high, method, ONE_CLASS)
    limits = percentiles(resampled_auc(*cell.split, draws=draws), confidence=settings.confidence)
    return Measure("auc", value, low, high, named(method, cell), *bootstrapped(value, limits, cell), cell.inflation)


def bootstrapped(value: float, limits: tuple[float, float], cell: Cell) -> tuple[str | None, float, float]:
    """The note and the bootstrap limits of an AUC, widened by the factor: NaN, and why, if they have no width."""
    if collapse(limits):
        return NO_BOOTSTRAP, math.nan, math.nan
    return None, *widen(value, limits, factor=cell.inflation, within=(0, 1))


def collapse(limits: tuple[float, float]) -> bool:
    """Whether limits have no width, so that they say nothing of what is not known; not whether they are missing."""
    return limits[1] - limits[0] < ALL_EQUAL


def named(method: str, cell: Cell) -> str:
    """How an AUC's limits were computed, by the name that the tables use."""
    return f"{method}-corrected" if method == "delong" and cell.inflation > 1 else method


def _average_precision(cell: Cell, settings: Settings) -> Measure:
    """Average precision, with the limits of a proportion of the positives.

    ASSUME: the binomial interval of Boyd, Eng and Page (ECML PKDD 2013), as Wilson's, which has a
    width at 0 and 1 too, where all bootstrap resamples are equal.
    """
    yes, no = cell.split
    if not len(yes) or not len(no):
        return Measure("average_precision", math.nan, note=ONE_CLASS)
    once = Resamples(np.ones((len(yes), 1)), np.ones((len(no), 1)))
    value = float(resampled_precision(yes, no, draws=once)[0])
    limits = _proportion_limits(value * len(yes), len(yes), settings)
    return Measure("average_precision", value, *limits, "wilson")


def _proportion_limits(count: float, total: int, settings: Settings) -> tuple[float, float]:
    low, high = wilson(np.array(count), np.array(total), confidence=settings.confidence)
    return float(low), float(high)


def _brier(cell: Cell, draws: Resamples, settings: Settings) -> Measure:
    """Brier score; where all resamples are equal, Wilson's limits, which are wide enough for any score of 0 to 1."""
    yes, no = cell.split
    errors = ((1 - yes) ** 2, no**2)
    n = len(yes) + len(no)
    value = float(errors[0].sum() + errors[1].sum()) / n
    resampled = (_weigh(errors[0], draws.positives) + _weigh(errors[1], draws.negatives)) / n
    limits = percentiles(resampled, confidence=settings.confidence)
    if collapse(limits):
        return Measure("brier", value, *_proportion_limits(value * n, n, settings), "wilson")
    return Measure("brier", value, *limits, "bootstrap")


def _at_threshold(cell: Cell, settings: Settings) -> list[Measure]:
    """Metrics of the yes-or-no prediction 'probability at least the threshold'."""
    names = ("f1", "sensitivity", "specificity", "ppv", "npv")
    if np.isnan(cell.threshold).any():
        return [Measure(name, math.nan, note=NO_THRESHOLD) for name in names]
    called = cell.probability >= cell.threshold
    hits, alarms = called[cell.happened], called[~cell.happened]
    tp, fp = int(hits.sum()), int(alarms.sum())
    fn, tn = len(hits) - tp, len(alarms) - fp
    found = [_f1(tp, fp, fn, settings)]
    counts, totals = [tp, tn, tp, tn], [tp + fn, tn + fp, tp + fp, tn + fn]
    lows, highs = wilson(np.array(counts), np.array(totals), confidence=settings.confidence)
    for place, name in enumerate(names[1:]):
        if totals[place]:
            limits = float(lows[place]), float(highs[place])
            found.append(Measure(name, counts[place] / totals[place], *limits, "wilson"))
        else:
            found.append(Measure(name, math.nan, note="nobody to count"))
    if cell.threshold.min() == cell.threshold.max():
        found.append(Measure("threshold", float(cell.threshold[0])))
    return found


def _f1(tp: int, fp: int, fn: int, settings: Settings) -> Measure:
    """F1 with the limits of the proportion tp / (tp + fp + fn), of which it is a rising function.

    The indirect Wilson interval of Lam et al. 2023 (arXiv 2309.14621): it has a width at 0 and 1 too.
    """
    if not tp + fn:
        return Measure("f1", math.nan, note="nobody with the outcome")
    low, high = _proportion_limits(tp, tp + fp + fn, settings)
    return Measure("f1", 2 * tp / (2 * tp + fp + fn), 2 * low / (1 + low), 2 * high / (1 + high), "wilson")


def _calibration(cell: Cell, settings: Settings) -> list[Measure]:
    found = recalibrate(cell.happened, probability=cell.probability, smallest=settings.smallest_probability)
    z = normal_quantile(settings.confidence)
    measures = []
    for name, value, error in (
        ("slope", found.slope, found.slope_error),
        ("intercept", found.intercept, found.intercept_error),
        ("calibration_in_the_large", found.in_the_large, found.in_the_large_error),
    ):
        if math.isnan(value):
            measures.append(Measure(name, math.nan, note=found.note))
        else:
            measures.append(Measure(name, value, value - z * error, value + z * error, "wald"))
    return measures


def _weigh(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Sum (B,) of values (m,) in every resample (m, B), in double precision."""
    return np.einsum("i,ij->j", values.astype(float), counts, dtype=float)
