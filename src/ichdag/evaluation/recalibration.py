"""Fit logistic recalibration: intercept and slope of the outcome on the logit of the predicted probability."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

MAX_ITERATIONS = 100
TOLERANCE = 1e-10
MAX_FLAT_RANGE = 1e-3  # of logits: probabilities within this range count as equal


@dataclass(frozen=True)
class Recalibration:
    """Estimates and standard errors; NaN, with a note, if the likelihood has no maximum."""

    intercept: float
    intercept_error: float
    slope: float
    slope_error: float
    in_the_large: float
    in_the_large_error: float
    note: str | None


def recalibrate(y_true: np.ndarray, *, probability: np.ndarray, smallest: float) -> Recalibration:
    """Fit P(y) = expit(intercept + slope * logit(probability)) by unpenalized maximum likelihood; Cox 1958.

    `in_the_large` is the intercept with the slope held at 1. ASSUME: probabilities are clipped to [smallest, 1 -
    smallest], as ensembles of trees give 0 and 1, whose logits are infinite. With one class, equal probabilities, or
    classes that the probability separates, there is no maximum: estimates are NaN, and a note gives the reason.
    """
    x = logit(np.clip(probability, smallest, 1 - smallest))
    y = np.asarray(y_true).astype(bool)
    if y.all() or not y.any():
        return _none("one class only")
    intercept_only, intercept_only_error = _fit(np.ones((len(x), 1)), y, offset=x)
    fault = _no_maximum(x, y)
    if fault:
        return _none(fault, intercept_only[0], intercept_only_error[0])
    (intercept, slope), errors = _fit(np.column_stack([np.ones_like(x), x]), y, offset=np.zeros_like(x))
    return Recalibration(intercept, errors[0], slope, errors[1], intercept_only[0], intercept_only_error[0], None)


def is_flat(logits: np.ndarray) -> bool:
    """Tell whether all probabilities are equal to three digits; their ranks may still be informative."""
    return bool(np.ptp(logits) < MAX_FLAT_RANGE)


def _no_maximum(x: np.ndarray, y: np.ndarray) -> str | None:
    """Give the reason if slope and intercept do not exist (complete or quasi-complete separation, Albert 1984)."""
    yes = x[y]
    no = x[~y]
    if is_flat(x):
        return "one probability for everybody"
    if yes.min() >= no.max() or no.min() >= yes.max():
        return "the probability separates the classes"
    return None


def _fit(X: np.ndarray, y: np.ndarray, *, offset: np.ndarray) -> tuple[list[float], list[float]]:
    """Fit coefficients and standard errors by Newton's method, halving steps that lower the likelihood."""
    beta = np.zeros(X.shape[1])
    likelihood = _log_likelihood(offset, y)
    for _ in range(MAX_ITERATIONS):
        fitted = expit(offset + X @ beta)
        information = (X * (fitted * (1 - fitted))[:, None]).T @ X
        step = np.linalg.solve(information, X.T @ (y - fitted))
        while (new := _log_likelihood(offset + X @ (beta + step), y)) < likelihood - TOLERANCE:
            step = step / 2
        beta = beta + step
        likelihood = new
        if np.abs(step).max() < TOLERANCE:
            break
    return beta.tolist(), np.sqrt(np.diag(np.linalg.inv(information))).tolist()


def _log_likelihood(linear: np.ndarray, y: np.ndarray) -> float:
    return float(-np.logaddexp(0, np.where(y, -linear, linear)).sum())


def _none(note: str, in_the_large: float = math.nan, in_the_large_error: float = math.nan) -> Recalibration:
    return Recalibration(math.nan, math.nan, math.nan, math.nan, in_the_large, in_the_large_error, note)
