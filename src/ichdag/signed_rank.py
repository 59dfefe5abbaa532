"""Wilcoxon's signed-rank test of paired differences: exact where that can be, and the smallest p that so many allow."""

from typing import Any

import numpy as np
from scipy.stats import PermutationMethod

MOST_FLIPS = 12  # differences whose flips of signs are all tried, where ranks are tied


def drop_zeros(gaps: np.ndarray) -> np.ndarray:
    """The differences that are not zero: the test drops the others."""
    return gaps[gaps != 0]


def wilcoxon_method(gaps: np.ndarray) -> Any:
    """The `method` of SciPy's test for differences without zeros: exact, by all flips of signs where ranks are tied.

    Where that would be too many flips, it is the normal approximation.
    """
    if len(np.unique(np.abs(gaps))) == len(gaps):
        return "auto"  # exact up to 50 differences
    return PermutationMethod(n_resamples=np.inf) if len(gaps) <= MOST_FLIPS else "asymptotic"


def smallest_reachable_p(gaps: np.ndarray) -> float:
    """The smallest two-sided p that as many differences as are not zero can give: all of one sign."""
    return min(1.0, 2.0 ** (1 - len(drop_zeros(gaps))))
