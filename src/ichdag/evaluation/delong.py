"""AUC, its DeLong covariance and interval, and tests of AUC differences, paired and unpaired."""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr
from scipy.stats import rankdata

from ichdag.evaluation.proportions import normal_quantile

NO_VARIANCE = 1e-12
NEXT_TO = 1e-9


@dataclass(frozen=True)
class Areas:
    """AUCs (k,) of k predictors on the same participants and their covariance (k, k); NaN where it is not defined."""

    auc: np.ndarray
    covariance: np.ndarray
    positives: int
    negatives: int

    def pick(self, index: int) -> "Areas":
        """The AUC of one predictor alone."""
        return Areas(self.auc[[index]], self.covariance[[index]][:, [index]], self.positives, self.negatives)

    def widened(self, factor: float) -> "Areas":
        """The same AUCs, their covariance multiplied by `factor`."""
        return replace(self, covariance=self.covariance * factor)


@dataclass(frozen=True)
class Difference:
    """A difference of two AUCs with its interval and two-sided p; a note says why any of them is NaN."""

    value: float
    low: float
    high: float
    p: float
    note: str | None


def areas(y_true: np.ndarray, *, scores: np.ndarray) -> Areas:
    """AUCs of `scores` (k, n) for `y_true` (n,) of 0 and 1, ties counted half, with DeLong's covariance.

    Sun and Xu 2014 (doi 10.1109/LSP.2014.2337313): midranks in O(n log n) instead of all pairs of DeLong et al. 1988.
    Without positives or without negatives all is NaN; with a single one of either the covariance is NaN.
    """
    happened = np.asarray(y_true).astype(bool)
    scores = np.atleast_2d(np.asarray(scores, dtype=float))
    k, m, n = len(scores), int(happened.sum()), int((~happened).sum())
    if m == 0 or n == 0:
        return Areas(np.full(k, np.nan), np.full((k, k), np.nan), m, n)
    ranks = rankdata(scores, axis=1)
    above = (ranks[:, happened] - rankdata(scores[:, happened], axis=1)) / n
    below = 1 - (ranks[:, ~happened] - rankdata(scores[:, ~happened], axis=1)) / m
    covariance = _covariance(above) / m + _covariance(below) / n
    return Areas(above.mean(axis=1), covariance, m, n)


def auc_interval(found: Areas, *, confidence: float) -> tuple[float, float, str]:
    """Limits of one AUC and the method: DeLong on the logit scale, so that they stay within (0, 1).

    ASSUME: where DeLong's variance is zero or undefined (AUC 0 or 1, all scores tied, one participant in a class) the
    limits are Newcombe's: method 5 of Newcombe 2006 (doi 10.1002/sim.2324), a score interval with Hanley and McNeil's
    variance. An AUC that is not defined has no limits.
    """
    auc, variance = float(found.auc[0]), float(found.covariance[0, 0])
    if math.isnan(auc):
        return math.nan, math.nan, "none"
    if not variance > NO_VARIANCE:
        return *_newcombe(auc, found.positives, found.negatives, confidence), "newcombe"
    return *logit_interval(auc, variance=variance, confidence=confidence), "delong"


def logit_interval(value: float, *, variance: float, confidence: float) -> tuple[float, float]:
    """Wald limits of a proportion-like value in (0, 1), built on the logit scale by the delta method."""
    reach = normal_quantile(confidence) * math.sqrt(variance) / (value * (1 - value))
    return float(expit(logit(value) - reach)), float(expit(logit(value) + reach))


def paired_difference(found: Areas, *, first: int, second: int, confidence: float) -> Difference:
    """AUC of predictor `first` minus that of `second`, on the same participants (DeLong et al. 1988)."""
    cov = found.covariance
    variance = cov[first, first] + cov[second, second] - 2 * cov[first, second]
    return _difference(found.auc[first] - found.auc[second], variance, confidence)


def unpaired_difference(first: Areas, second: Areas, *, confidence: float) -> Difference:
    """AUC in one group of participants minus the AUC in another, no participant in both."""
    variance = first.covariance[0, 0] + second.covariance[0, 0]
    return _difference(first.auc[0] - second.auc[0], variance, confidence)


def _difference(value: float, variance: float, confidence: float) -> Difference:
    """Normal limits, cut to [-1, 1], and p; none where the variance is zero or not defined."""
    value = float(value)
    if math.isnan(value):
        return Difference(value, math.nan, math.nan, math.nan, "an AUC is not defined: a class is missing")
    if not variance > NO_VARIANCE:
        return Difference(value, math.nan, math.nan, math.nan, "the difference has no variance")
    error = math.sqrt(variance)
    reach = normal_quantile(confidence) * error
    p = float(2 * ndtr(-abs(value) / error))
    return Difference(value, max(-1.0, value - reach), min(1.0, value + reach), p, None)


def _covariance(placements: np.ndarray) -> np.ndarray:
    """Sample covariance of rows (k, count); NaN for a count of one."""
    k, count = placements.shape
    if count < 2:
        return np.full((k, k), np.nan)
    centered = placements - placements.mean(axis=1, keepdims=True)
    return centered @ centered.T / (count - 1)


def _newcombe(auc: float, m: int, n: int, confidence: float) -> tuple[float, float]:
    z = normal_quantile(confidence)
    size = (m + n) / 2 - 1

    def excess(value: float) -> float:
        spread = 1 + size * ((1 - value) / (2 - value) + value / (1 + value))
        return (value - auc) ** 2 - z**2 * value * (1 - value) * spread / (m * n)

    low = brentq(excess, 0, auc - NEXT_TO, xtol=1e-12) if auc > 0 else 0.0
    high = brentq(excess, auc + NEXT_TO, 1, xtol=1e-12) if auc < 1 else 1.0
    return float(low), float(high)
