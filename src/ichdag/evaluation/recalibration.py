"""Logistic recalibration: intercept and slope of the outcome on the logit of the predicted probability."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

STEPS = 100
CLOSE = 1e-10
FLAT = 1e-3  # of logits: probabilities that differ by less are one probability


@dataclass(frozen=True)
class Recalibration:
    """Estimates and standard errors; all NaN, with a note, where the likelihood has no maximum."""

    intercept: float
    intercept_error: float
    slope: float
    slope_error: float
    in_the_large: float
    in_the_large_error: float
    note: str | None


def recalibrate(y_true: np.ndarray, *, probability: np.ndarray, smallest: float) -> Recalibration:
    """Unpenalized maximum likelihood of P(y) = expit(intercept + slope * logit(probability)); Cox 1958.

    `in_the_large` is the intercept with the slope held at 1. ASSUME: probabilities are cut to [smallest, 1 - smallest],
    as ensembles of trees give 0 and 1, whose logits are infinite. With one class, one probability for everybody, or
    classes that the probability separates, the maximum lies at infinity and nothing is returned but the note.
    """
    x = logit(np.clip(probability, smallest, 1 - smallest))
    happened = np.asarray(y_true).astype(bool)
    if happened.all() or not happened.any():
        return _none("one class only")
    large, large_error = _fit(np.ones((len(x), 1)), happened, offset=x)
    fault = _no_maximum(x, happened)
    if fault:
        return _none(fault, large[0], large_error[0])
    (intercept, slope), errors = _fit(np.column_stack([np.ones_like(x), x]), happened, offset=np.zeros_like(x))
    return Recalibration(intercept, errors[0], slope, errors[1], large[0], large_error[0], None)


def is_flat(logits: np.ndarray) -> bool:
    """Whether these are one probability for everybody, to three digits: ranks may still tell, risks do not."""
    return bool(np.ptp(logits) < FLAT)


def _no_maximum(x: np.ndarray, happened: np.ndarray) -> str | None:
    """Why slope and intercept do not exist, if they do not (complete and quasi-complete separation, Albert 1984)."""
    yes, no = x[happened], x[~happened]
    if is_flat(x):
        return "one probability for everybody"
    if yes.min() >= no.max() or no.min() >= yes.max():
        return "the probability separates the classes"
    return None


def _fit(design: np.ndarray, happened: np.ndarray, *, offset: np.ndarray) -> tuple[list[float], list[float]]:
    """Newton's method, halving steps that lower the likelihood: coefficients and standard errors."""
    beta = np.zeros(design.shape[1])
    likelihood = _log_likelihood(offset, happened)
    for _ in range(STEPS):
        fitted = expit(offset + design @ beta)
        information = (design * (fitted * (1 - fitted))[:, None]).T @ design
        step = np.linalg.solve(information, design.T @ (happened - fitted))
        while (new := _log_likelihood(offset + design @ (beta + step), happened)) < likelihood - CLOSE:
            step = step / 2
        beta, likelihood = beta + step, new
        if np.abs(step).max() < CLOSE:
            break
    return beta.tolist(), np.sqrt(np.diag(np.linalg.inv(information))).tolist()


def _log_likelihood(linear: np.ndarray, happened: np.ndarray) -> float:
    return float(-np.logaddexp(0, np.where(happened, -linear, linear)).sum())


def _none(note: str, large: float = math.nan, large_error: float = math.nan) -> Recalibration:
    return Recalibration(math.nan, math.nan, math.nan, math.nan, large, large_error, note)
