"""The normal distribution and bisection; importing scipy would cost each small job half a second."""

from collections.abc import Callable
from math import erf, sqrt
from statistics import NormalDist

import numpy as np


def normal_cdf(values: np.ndarray) -> np.ndarray:
    """Return P(standard normal < value), any shape."""
    return np.vectorize(lambda value: 0.5 * (1 + erf(value / sqrt(2))), otypes=[float])(values)


def normal_quantile(probabilities: np.ndarray | float) -> np.ndarray:
    """Return the quantiles of the standard normal at these probabilities, each within (0, 1), any shape."""
    return np.vectorize(NormalDist().inv_cdf, otypes=[float])(probabilities)


def logistic(values: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-value)), any shape."""
    return 1 / (1 + np.exp(-values))


def bisect(increasing: Callable[[float], float], *, target: float, low: float, high: float) -> float:
    """Return where an increasing function reaches the target, nearly to the last bit, by halving [low, high]."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if increasing(middle) < target else (low, middle)
    return (low + high) / 2
