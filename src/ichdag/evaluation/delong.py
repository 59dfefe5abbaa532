"""Estimate AUCs with DeLong's covariance and intervals, and test differences of AUCs, paired and unpaired."""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr
from scipy.stats import rankdata

from ichdag.evaluation.proportions import normal_quantile

MIN_VARIANCE = 1e-12
BRACKET_MARGIN = 1e-9


@dataclass(frozen=True)
class AucEstimates:
    """AUCs (k,) of k predictors on the same participants and their covariance (k, k); NaN where it is not defined."""

    auc: np.ndarray
    covariance: np.ndarray
    positives: int
    negatives: int

    def select(self, index: int) -> "AucEstimates":
        """Select the AUC of one predictor."""
        return AucEstimates(self.auc[[index]], self.covariance[[index]][:, [index]], self.positives, self.negatives)

    def inflated(self, factor: float) -> "AucEstimates":
        """Multiply the covariance by `factor`; the AUCs stay the same."""
        return replace(self, covariance=self.covariance * factor)


@dataclass(frozen=True)
class AucDifference:
    """A difference of two AUCs with its interval and two-sided p; a note says why any of them is NaN."""

    value: float
    low: float
    high: float
    p: float
    note: str | None


def estimate_aucs(y_true: np.ndarray, *, scores: np.ndarray) -> AucEstimates:
    """Estimate the AUCs of `scores` (k, n) for `y_true` (n,) of 0 and 1, ties counted half, with DeLong's covariance.

    Sun and Xu 2014 (doi 10.1109/LSP.2014.2337313): midranks in O(n log n) instead of all pairs of DeLong et al. 1988.
    Without positives or without negatives all values are NaN; with only one of either the covariance is NaN.
    """
    positive = np.asarray(y_true).astype(bool)
    scores = np.atleast_2d(np.asarray(scores, dtype=float))
    k, m, n = len(scores), int(positive.sum()), int((~positive).sum())
    if m == 0 or n == 0:
        return AucEstimates(np.full(k, np.nan), np.full((k, k), np.nan), m, n)
    ranks = rankdata(scores, axis=1)
    placements_positive = (ranks[:, positive] - rankdata(scores[:, positive], axis=1)) / n
    placements_negative = 1 - (ranks[:, ~positive] - rankdata(scores[:, ~positive], axis=1)) / m
    covariance = _covariance(placements_positive) / m + _covariance(placements_negative) / n
    return AucEstimates(placements_positive.mean(axis=1), covariance, m, n)


def auc_interval(estimates: AucEstimates, *, confidence: float) -> tuple[float, float, str]:
    """Compute the limits of one AUC and name the method: DeLong on the logit scale, so that limits are within (0, 1).

    ASSUME: where DeLong's variance is zero or undefined (AUC 0 or 1, all scores tied, one participant in a class) the
    limits are Newcombe's: method 5 of Newcombe 2006 (doi 10.1002/sim.2324), a score interval with Hanley and McNeil's
    variance. An undefined AUC has no limits.
    """
    auc = float(estimates.auc[0])
    variance = float(estimates.covariance[0, 0])
    if math.isnan(auc):
        return math.nan, math.nan, "none"
    if not variance > MIN_VARIANCE:
        return *_newcombe(auc, estimates.positives, estimates.negatives, confidence), "newcombe"
    return *logit_interval(auc, variance=variance, confidence=confidence), "delong"


def logit_interval(value: float, *, variance: float, confidence: float) -> tuple[float, float]:
    """Compute Wald limits of a value in (0, 1), such as an AUC, on the logit scale by the delta method."""
    half_width = normal_quantile(confidence) * math.sqrt(variance) / (value * (1 - value))
    return float(expit(logit(value) - half_width)), float(expit(logit(value) + half_width))


def paired_difference(estimates: AucEstimates, *, first: int, second: int, confidence: float) -> AucDifference:
    """Compare the AUCs of predictors `first` and `second` on the same participants (DeLong et al. 1988)."""
    covariance = estimates.covariance
    variance = covariance[first, first] + covariance[second, second] - 2 * covariance[first, second]
    return _difference(estimates.auc[first] - estimates.auc[second], variance, confidence)


def unpaired_difference(first: AucEstimates, second: AucEstimates, *, confidence: float) -> AucDifference:
    """Compare the AUCs of two groups of participants that do not overlap."""
    variance = first.covariance[0, 0] + second.covariance[0, 0]
    return _difference(first.auc[0] - second.auc[0], variance, confidence)


def _difference(value: float, variance: float, confidence: float) -> AucDifference:
    """Compute normal limits, clipped to [-1, 1], and p; NaN if the variance is zero or undefined."""
    value = float(value)
    if math.isnan(value):
        return AucDifference(value, math.nan, math.nan, math.nan, "an AUC is not defined: a class is missing")
    if not variance > MIN_VARIANCE:
        return AucDifference(value, math.nan, math.nan, math.nan, "the difference has no variance")
    standard_error = math.sqrt(variance)
    half_width = normal_quantile(confidence) * standard_error
    p = float(2 * ndtr(-abs(value) / standard_error))
    return AucDifference(value, max(-1.0, value - half_width), min(1.0, value + half_width), p, None)


def _covariance(placements: np.ndarray) -> np.ndarray:
    """Compute the sample covariance of rows (k, count); NaN for a count of one."""
    k, count = placements.shape
    if count < 2:
        return np.full((k, k), np.nan)
    centered = placements - placements.mean(axis=1, keepdims=True)
    return centered @ centered.T / (count - 1)


def _newcombe(auc: float, m: int, n: int, confidence: float) -> tuple[float, float]:
    """Compute the score interval of an AUC from m positives and n negatives."""
    z = normal_quantile(confidence)
    extra_pairs = (m + n) / 2 - 1

    def excess(value: float) -> float:
        variance_factor = 1 + extra_pairs * ((1 - value) / (2 - value) + value / (1 + value))
        return (value - auc) ** 2 - z**2 * value * (1 - value) * variance_factor / (m * n)

    low = brentq(excess, 0, auc - BRACKET_MARGIN, xtol=1e-12) if auc > 0 else 0.0
    high = brentq(excess, auc + BRACKET_MARGIN, 1, xtol=1e-12) if auc < 1 else 1.0
    return float(low), float(high)
