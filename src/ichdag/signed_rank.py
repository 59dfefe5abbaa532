"""Wilcoxon's signed-rank test of paired differences: exact where that can be, and the smallest p that so many allow."""

from typing import Any

import numpy as np
from scipy.stats import PermutationMethod

MAX_PERMUTED = 12  # differences up to which all changes of signs are tried where ranks are tied


def drop_zeros(differences: np.ndarray) -> np.ndarray:
    """Return the differences that are not zero: the test leaves the others out."""
    return differences[differences != 0]


def wilcoxon_method(differences: np.ndarray) -> Any:
    """Return the `method` of SciPy's test for differences without zeros: exact, by all signs where ranks are tied.

    Where these are too many, it is the normal approximation.
    """
    if len(np.unique(np.abs(differences))) == len(differences):
        return "auto"  # exact up to 50 differences
    return PermutationMethod(n_resamples=np.inf) if len(differences) <= MAX_PERMUTED else "asymptotic"


def smallest_reachable_p(differences: np.ndarray) -> float:
    """Return the smallest two-sided p that as many differences as are not zero can give: all of one sign."""
    return min(1.0, 2.0 ** (1 - len(drop_zeros(differences))))
