"""Hierarchical alternating least squares with extrapolation: few passes over the matrix, each slice by slice."""

import numpy as np

from ichdag.features.starting import COLUMNS_AT_ONCE

# Sweeps over one factor for each product with the matrix: those over the few rows are next to free.
WEIGHT_SWEEPS, PART_SWEEPS = 3, 1
# Each factor is pushed on by this part of its last move. More is hardly faster and is often undone, and what is undone
# hangs on the last digits of the error; Ang and Gillis adapt it.
PUSH = 0.4


class Descent:
    """A factorization of X (n, p) on its way down: weights (n, rank), parts (rank, p), error.

    One step: weights for the parts at hand, then parts for these weights, both pushed on along their last move. A step
    whose error would be higher is undone and repeated without the push, so that the error never rises.
    Source: Gillis and Glineur 2012 (several sweeps a product); Ang and Gillis 2019 (extrapolation).
    """

    def __init__(
        self, matrix: np.ndarray, *, basis: np.ndarray | None, weights: np.ndarray, parts: np.ndarray, total: float
    ):
        """Start from these factors, which are taken over; `total` is the squared norm of X.

        X is basis @ matrix, basis (n, k) orthonormal and matrix (k, p), or the matrix itself if there is no basis.
        """
        self.weights, self.parts, self.error = weights, parts, np.inf
        self._matrix, self._basis, self._total = matrix, basis, total
        self._ahead, self._swept, self._trial = weights, parts.copy(), parts.copy()
        crossed, square = np.zeros((len(matrix), len(parts))), np.zeros((len(parts), len(parts)))
        for start in range(0, matrix.shape[1], COLUMNS_AT_ONCE):
            part = slice(start, start + COLUMNS_AT_ONCE)
            crossed += matrix[:, part] @ parts[:, part].T
            square += parts[:, part] @ parts[:, part].T
        self._products = self._outward(crossed), square

    def step(self, *, measured: bool) -> float:
        """One step down; the sum of the absolute projected gradients met on its way if that is to be measured."""
        crossed, gram = self._products
        kind = self.weights.dtype
        turned = np.array(self._ahead.T, order="C")
        target = np.array(crossed.T, dtype=kind, order="C")
        moved = sweep(turned, gram=gram.astype(kind), target=target, times=WEIGHT_SWEEPS, measured=measured)
        weights = turned.T
        exact = weights.astype(np.float64)
        error = self._total - 2 * float(np.vdot(crossed, exact)) + float(np.vdot(exact.T @ exact, gram))
        lower = error <= self.error
        push = PUSH if lower else 0.0
        if lower:
            self._ahead = np.maximum(weights + push * (weights - self.weights), 0)
            self.weights, self.error = weights, error
            self.parts, self._trial = self._trial, self.parts
        else:
            self._ahead = self.weights
        return moved + self._renew_parts(push, measured=measured)

    def _renew_parts(self, push: float, *, measured: bool) -> float:
        """New trial parts for the weights ahead, from the accepted ones, and their products with the matrix."""
        left = self._ahead if self._basis is None else self._basis.T @ self._ahead
        gram = self._ahead.T @ self._ahead
        crossed, square, moved = np.zeros(left.shape), np.zeros(gram.shape), 0.0
        for start in range(0, self._matrix.shape[1], COLUMNS_AT_ONCE):
            part = slice(start, start + COLUMNS_AT_ONCE)
            seen, cells = self._matrix[:, part], np.array(self.parts[:, part], order="C")
            moved += sweep(cells, gram=gram, target=left.T @ seen, times=PART_SWEEPS, measured=measured)
            trial = cells - self._swept[:, part]
            trial *= push
            trial += cells
            np.maximum(trial, 0, out=trial)
            self._swept[:, part], self._trial[:, part] = cells, trial
            crossed += seen @ trial.T
            square += trial @ trial.T
        self._products = self._outward(crossed), square
        return moved

    def _outward(self, crossed: np.ndarray) -> np.ndarray:
        """Products with the matrix as products with X."""
        return crossed if self._basis is None else self._basis @ crossed


def sweep(factor: np.ndarray, *, gram: np.ndarray, target: np.ndarray, times: int, measured: bool) -> float:
    """`times` passes of coordinate descent over the rows of `factor` (rank, m), in place; `target` is written over.

    Minimizes the squares of X - other @ factor for `gram` = other.T @ other (rank, rank) and `target` = other.T @ X
    (rank, m). Returns the sum of absolute projected gradients met on the first pass, 0 if not measured.
    Source: Cichocki and Phan 2009; the measure is that of scikit-learn's solver 'cd'.
    """
    curve = np.diag(gram)
    steps = np.divide(1, curve, out=np.zeros_like(curve), where=curve > 0)[:, None]
    others = -steps * gram
    np.fill_diagonal(others, curve <= 0)  # a row that the matrix does not see stays as it is
    target *= steps
    best, moved = np.empty(factor.shape[1], factor.dtype), 0.0
    for time in range(times):
        for place, row in enumerate(factor):
            np.dot(others[place], factor, out=best)
            best += target[place]
            if measured and time == 0:
                free = np.where(row == 0, np.minimum(row - best, 0), row - best)
                moved += float(curve[place]) * float(np.abs(free).sum(dtype=np.float64))
            np.maximum(best, 0, out=row)
    return moved
