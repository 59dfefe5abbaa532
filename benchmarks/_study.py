"""Made-up studies whose truth is known: normal features, linear discriminants, stratified cross-validation."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

FOLDS, PREVALENCE, RIDGE = 5, 0.4, 1e-6


@dataclass(frozen=True)
class Fitted:
    """Out-of-fold scores (n,) of one cross-validation, and the mean AUC its K fits have on the whole population."""

    scores: np.ndarray
    auc: float


def outcomes(count: int) -> np.ndarray:
    """Who has the outcome (n,), two fifths."""
    return np.arange(count) < round(PREVALENCE * count)


def draw_folds(random: np.random.Generator, y_true: np.ndarray) -> np.ndarray:
    """Return the fold of each participant (n,), stratified."""
    folds = np.empty(len(y_true), dtype=int)
    for one in (y_true, ~y_true):
        folds[one] = random.permutation(np.arange(one.sum()) % FOLDS)
    return folds


def shift(auc: float, *, count: int, columns: int) -> float:
    """How far the class means must lie apart in one of `columns` so that fits on four fifths reach about this AUC.

    Chance in training adds `noise` to the squared length of the discriminant; the mean distance of its scores is
    shift^2 / sqrt(shift^2 + noise).
    """
    distance = math.sqrt(2) * float(ndtri(auc))
    noise = columns / (count * (1 - 1 / FOLDS)) * (1 / PREVALENCE + 1 / (1 - PREVALENCE))
    return math.sqrt((distance**2 + math.sqrt(distance**4 + 4 * distance**2 * noise)) / 2)


def cross_validate(
    features: np.ndarray, *, y_true: np.ndarray, folds: np.ndarray, first_shift: float, ridge: float = RIDGE
) -> Fitted:
    """Linear discriminants of `features` (n, p), whose first column alone differs between the classes."""
    scores, aucs = np.empty(len(y_true)), []
    for fold, direction, middle in _discriminants(features, y_true, folds, ridge):
        held = folds == fold
        scores[held] = (features[held] - middle) @ direction
        aucs.append(ndtr(direction[0] * first_shift / math.sqrt(2 * direction @ direction)))
    return Fitted(scores, float(np.mean(aucs)))


def _discriminants(
    features: np.ndarray, y_true: np.ndarray, folds: np.ndarray, ridge: float
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Fold, direction (p,) and the point (p,) midway between the class means, fitted on all other folds.

    Sums and products of each fold and class are made once and subtracted.
    """
    parts = [[features[(folds == fold) & one] for one in (y_true, ~y_true)] for fold in range(FOLDS)]
    counts = np.array([[len(rows) for rows in pair] for pair in parts])
    sums = np.array([[rows.sum(axis=0) for rows in pair] for pair in parts])
    products = np.array([sum(rows.T @ rows for rows in pair) for pair in parts])
    for fold in range(FOLDS):
        left = counts.sum(axis=0) - counts[fold]
        means = (sums.sum(axis=0) - sums[fold]) / left[:, None]
        scatter = products.sum(axis=0) - products[fold] - (left[:, None] * means).T @ means
        scatter = scatter / (left.sum() - 2) + ridge * np.eye(features.shape[1])
        yield fold, np.linalg.solve(scatter, means[0] - means[1]), means.mean(axis=0)
