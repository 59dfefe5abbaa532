"""The weights of given parts in each row: exact non-negative least squares, one row at a time."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import nnls

ROWS_AT_ONCE = 64


def project(X: np.ndarray, *, parts: np.ndarray, prepare: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Weights (n, rank), of X's type, that fit weights @ parts to the rows of prepare(X), X (n, m), parts (rank, p).

    A row's weights depend on that row alone, to the last bit: products are always made of as many rows, the missing
    ones zero, since libraries round differently for matrices of another size. `prepare` gives (rows, p) for some rows.
    Parts count by their direction: each is divided by its norm, and the weights after, so that a short part beside a
    long one is not taken for rounding. A part of zeros has weight 0.
    Source: Lawson and Hanson 1974.
    """
    norms = np.linalg.norm(parts.astype(np.float64), axis=1)
    norms[norms == 0] = 1
    parts = parts / norms[:, None]
    values, vectors = np.linalg.eigh(parts @ parts.T)
    known = values > max(values[-1], 0) * 10 * len(parts) * np.finfo(np.float64).eps
    root = np.sqrt(values[known])
    triangle, back = (vectors[:, known] * root).T, vectors[:, known] / root
    weights = np.zeros((len(X), len(parts)), dtype=X.dtype)
    if not known.any():
        return weights
    block = np.zeros((ROWS_AT_ONCE, parts.shape[1]))
    for start in range(0, len(X), ROWS_AT_ONCE):
        rows = prepare(X[start : start + ROWS_AT_ONCE])
        block[: len(rows)], block[len(rows) :] = rows, 0
        targets = (block @ parts.T) @ back
        for place in range(len(rows)):
            weights[start + place] = nnls(triangle, targets[place])[0] / norms
    return weights
