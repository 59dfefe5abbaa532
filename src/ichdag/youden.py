"""The threshold that parts predicted probabilities into yes and no."""

import math

import numpy as np


def youden_threshold(y_true: np.ndarray, *, probability: np.ndarray) -> float:
    """The probability that, as 'positive if at least', maximizes sensitivity + specificity; NaN with one class only.

    ASSUME: among equal maxima the highest threshold. Source: Youden 1950.
    """
    happened = np.asarray(y_true).astype(bool)
    if happened.all() or not happened.any():
        return math.nan
    candidates = np.unique(probability)[::-1]
    yes, no = np.sort(probability[happened]), np.sort(probability[~happened])
    sensitivity = 1 - np.searchsorted(yes, candidates, "left") / len(yes)
    specificity = np.searchsorted(no, candidates, "left") / len(no)
    index = (sensitivity + specificity).round(12).argmax()
    return float(candidates[index])
