"""Stratified bootstrap: how often each participant is drawn, and rank metrics of all resamples at once."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class Resamples:
    """How often each of m positives (m, B) and n negatives (n, B) is drawn in B resamples; whole numbers in float32."""

    positives: np.ndarray
    negatives: np.ndarray


@lru_cache(maxsize=4)
def resample(m: int, n: int, *, count: int, seed: int) -> Resamples:
    """Draw `count` resamples of m positives and of n negatives, each class by itself; the same for the same arguments.

    All predictors of the same participants are thereby resampled alike, so that differences of them are paired.
    """
    random = np.random.default_rng([seed, m, n])
    return Resamples(_counts(m, count, random), _counts(n, count, random))


def resampled_auc(positives: np.ndarray, negatives: np.ndarray, *, draws: Resamples) -> np.ndarray:
    """AUC (B,) of every resample, from the scores of the positives (m,) and the negatives (n,), ties counted half.

    NaN for a resample without positives or without negatives.
    """
    order = np.argsort(negatives, kind="stable")
    ranked = negatives[order]
    below = _cumulated(draws.negatives[order])
    less = below[np.searchsorted(ranked, positives, "left")]
    less += below[np.searchsorted(ranked, positives, "right")]
    won = np.einsum("ij,ij->j", draws.positives, less, dtype=float)
    pairs = draws.positives.sum(axis=0, dtype=float) * draws.negatives.sum(axis=0, dtype=float)
    return np.divide(won, 2 * pairs, out=np.full(len(won), np.nan), where=pairs > 0)


def resampled_precision(positives: np.ndarray, negatives: np.ndarray, *, draws: Resamples) -> np.ndarray:
    """Average precision (B,) of every resample: the precision at each positive's score, averaged over the positives."""
    hits, alarms = (
        len(scores) - _cumulated(counts[np.argsort(scores, kind="stable")])[
            np.searchsorted(np.sort(scores), positives, "left")
        ]
        for scores, counts in ((positives, draws.positives), (negatives, draws.negatives))
    )  # fmt: skip
    weights = draws.positives * hits
    alarms += hits
    np.divide(weights, alarms, out=weights, where=alarms > 0)
    return weights.sum(axis=0, dtype=float) / len(positives)


def percentiles(values: np.ndarray, *, confidence: float) -> tuple[float, float]:
    """Percentile limits of resampled values."""
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def widen(
    value: float, limits: tuple[float, float], *, factor: float, within: tuple[float, float]
) -> tuple[float, float]:
    """Limits moved away from the value as if the variance were `factor` times as large, and cut to a range."""
    reach = factor**0.5
    low, high = np.clip([value + (limit - value) * reach for limit in limits], *within)
    return float(low), float(high)


def _counts(size: int, count: int, random: np.random.Generator) -> np.ndarray:
    """Each column is one resample of `size` participants with replacement."""
    drawn = random.integers(size, size=(count, size)) if size else np.empty((count, 0), dtype=int)
    places = drawn + size * np.arange(count)[:, None]
    counts = np.bincount(places.ravel(), minlength=size * count).reshape(count, size)
    return np.ascontiguousarray(counts.T, dtype=np.float32)


def _cumulated(counts: np.ndarray) -> np.ndarray:
    """Row i is the sum of the rows before i; exact, as float32 holds whole numbers up to 2^24."""
    total = np.zeros((len(counts) + 1, counts.shape[1]), dtype=counts.dtype)
    np.cumsum(counts, axis=0, out=total[1:])
    return total
