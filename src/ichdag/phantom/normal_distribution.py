"""The normal distribution and a root finder, without the half second that importing scipy costs each small job."""

from collections.abc import Callable
from math import erf, sqrt
from statistics import NormalDist

import numpy as np


def normal_cdf(values: np.ndarray) -> np.ndarray:
    """P(standard normal < value), any shape."""
    return np.vectorize(lambda value: 0.5 * (1 + erf(value / sqrt(2))), otypes=[float])(values)


def normal_quantile(shares: np.ndarray) -> np.ndarray:
    """The value that a standard normal stays below with these probabilities, each within (0, 1), any shape."""
    return np.vectorize(NormalDist().inv_cdf, otypes=[float])(shares)


def logistic(values: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-value)), any shape."""
    return 1 / (1 + np.exp(-values))


def bisect(rising: Callable[[float], float], *, target: float, low: float, high: float) -> float:
    """Where a rising function takes the target value, to the last bit or so, by halving [low, high]."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return (low + high) / 2
