"""Compute the weights of given components in each row: exact non-negative least squares, one row at a time."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import nnls

ROWS_AT_ONCE = 64


def project(X: np.ndarray, *, components: np.ndarray, prepare: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Fit weights @ components to the rows of prepare(X); X (n, m), components (rank, p); returns weights (n, rank).

    The weights have the type of X. A row's weights depend on that row alone, to the last bit: each product is computed
    for the same number of rows, padded with zeros, since libraries round differently for matrices of another size.
    `prepare` converts rows of X to (rows, p). Components are divided by their norm, and the weights afterwards, so that
    a short component beside a long one is not lost to rounding. A component of zeros has weight 0.
    Source: Lawson and Hanson 1974.
    """
    norms = np.linalg.norm(components.astype(np.float64), axis=1)
    norms[norms == 0] = 1
    components = components / norms[:, None]
    eigenvalues, eigenvectors = np.linalg.eigh(components @ components.T)
    nonzero = eigenvalues > max(eigenvalues[-1], 0) * 10 * len(components) * np.finfo(np.float64).eps
    singular_values = np.sqrt(eigenvalues[nonzero])
    factor = (eigenvectors[:, nonzero] * singular_values).T
    to_factor = eigenvectors[:, nonzero] / singular_values
    weights = np.zeros((len(X), len(components)), dtype=X.dtype)
    if not nonzero.any():
        return weights
    block = np.zeros((ROWS_AT_ONCE, components.shape[1]))
    for start in range(0, len(X), ROWS_AT_ONCE):
        rows = prepare(X[start : start + ROWS_AT_ONCE])
        block[: len(rows)], block[len(rows) :] = rows, 0
        targets = (block @ components.T) @ to_factor
        for index in range(len(rows)):
            weights[start + index] = nnls(factor, targets[index])[0] / norms
    return weights
