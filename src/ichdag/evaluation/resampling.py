"""Draw stratified bootstrap resamples, and compute rank metrics of all resamples at once."""

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

    So all predictors of the same participants get the same resamples, and their differences are paired.
    """
    random = np.random.default_rng([seed, m, n])
    return Resamples(_counts(m, count, random), _counts(n, count, random))


def resampled_auc(positives: np.ndarray, negatives: np.ndarray, *, draws: Resamples) -> np.ndarray:
    """Compute the AUC (B,) of every resample from scores of positives (m,) and negatives (n,), ties counted half.

    NaN for a resample without positives or without negatives.
    """
    order = np.argsort(negatives, kind="stable")
    sorted_negatives = negatives[order]
    cumulated = _cumulated(draws.negatives[order])
    lower = cumulated[np.searchsorted(sorted_negatives, positives, "left")]
    lower += cumulated[np.searchsorted(sorted_negatives, positives, "right")]
    concordant = np.einsum("ij,ij->j", draws.positives, lower, dtype=float)
    pairs = draws.positives.sum(axis=0, dtype=float) * draws.negatives.sum(axis=0, dtype=float)
    return np.divide(concordant, 2 * pairs, out=np.full(len(concordant), np.nan), where=pairs > 0)


def resampled_precision(positives: np.ndarray, negatives: np.ndarray, *, draws: Resamples) -> np.ndarray:
    """Compute the average precision (B,) of every resample: the mean over positives of the precision at their score."""
    true_positives, false_positives = (
        len(scores) - _cumulated(counts[np.argsort(scores, kind="stable")])[
            np.searchsorted(np.sort(scores), positives, "left")
        ]
        for scores, counts in ((positives, draws.positives), (negatives, draws.negatives))
    )  # fmt: skip
    weights = draws.positives * true_positives
    false_positives += true_positives
    np.divide(weights, false_positives, out=weights, where=false_positives > 0)
    return weights.sum(axis=0, dtype=float) / len(positives)


def percentiles(values: np.ndarray, *, confidence: float) -> tuple[float, float]:
    """Compute percentile limits of resampled values."""
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def widen(
    value: float, limits: tuple[float, float], *, factor: float, within: tuple[float, float]
) -> tuple[float, float]:
    """Widen limits as if the variance were `factor` times as large, and clip them to a range."""
    scale = factor**0.5
    low, high = np.clip([value + (limit - value) * scale for limit in limits], *within)
    return float(low), float(high)


def _counts(size: int, count: int, random: np.random.Generator) -> np.ndarray:
    """Draw resamples with replacement: counts (size, count), a column per resample."""
    drawn = random.integers(size, size=(count, size)) if size else np.empty((count, 0), dtype=int)
    cell_index = drawn + size * np.arange(count)[:, None]
    counts = np.bincount(cell_index.ravel(), minlength=size * count).reshape(count, size)
    return np.ascontiguousarray(counts.T, dtype=np.float32)


def _cumulated(counts: np.ndarray) -> np.ndarray:
    """Sum the rows before each row; exact, as float32 holds whole numbers up to 2^24."""
    total = np.zeros((len(counts) + 1, counts.shape[1]), dtype=counts.dtype)
    np.cumsum(counts, axis=0, out=total[1:])
    return total
