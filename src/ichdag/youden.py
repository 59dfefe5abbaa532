"""Youden's threshold, which divides predicted probabilities into positive and negative predictions."""

import math

import numpy as np


def youden_threshold(y_true: np.ndarray, *, probability: np.ndarray) -> float:
    """Return the probability from which on 'positive' maximizes sensitivity + specificity; NaN with one class only.

    ASSUME: among equal maxima the highest threshold. Source: Youden 1950.
    """
    positive = np.asarray(y_true).astype(bool)
    if positive.all() or not positive.any():
        return math.nan
    candidates = np.unique(probability)[::-1]
    probability_of_positive = np.sort(probability[positive])
    probability_of_negative = np.sort(probability[~positive])
    sensitivity = 1 - np.searchsorted(probability_of_positive, candidates, "left") / len(probability_of_positive)
    specificity = np.searchsorted(probability_of_negative, candidates, "left") / len(probability_of_negative)
    index = (sensitivity + specificity).round(12).argmax()
    return float(candidates[index])
