"""Hierarchical alternating least squares (HALS) with extrapolation, reading the matrix in slices of columns."""

import numpy as np

from ichdag.features.initialization import COLUMNS_AT_ONCE

# Sweeps over each factor per product with the matrix; sweeps over the weights cost little, as there are few rows.
WEIGHT_SWEEPS, COMPONENT_SWEEPS = 3, 1
# Each factor is extrapolated by this fraction of its last change. A larger fraction is hardly faster, and more of its
# steps are rejected; which ones depends on rounding. Ang and Gillis adapt the fraction instead.
EXTRAPOLATION = 0.4


class HalsSolver:
    """Factorize X (n, p) step by step into `weights` (n, rank) and `components` (rank, p); `error` is the squared norm.

    One step updates the weights for the current components, then the components for these weights; both are
    extrapolated along their last change. A step that would raise the error is rejected and repeated without
    extrapolation, so that the error never rises.
    Source: Gillis and Glineur 2012 (several sweeps per product); Ang and Gillis 2019 (extrapolation).
    """

    def __init__(
        self,
        matrix: np.ndarray,
        *,
        basis: np.ndarray | None,
        weights: np.ndarray,
        components: np.ndarray,
        squared_norm: float,
    ):
        """Start from these factors, which are changed in place; `squared_norm` is that of X.

        X is basis @ matrix, with basis (n, k) orthonormal and matrix (k, p), or X is the matrix if basis is None.
        """
        self.weights = weights
        self.components = components
        self.error = np.inf
        self._matrix = matrix
        self._basis = basis
        self._squared_norm = squared_norm
        self._extrapolated_weights = weights
        self._swept_components = components.copy()
        self._trial_components = components.copy()
        cross = np.zeros((len(matrix), len(components)))
        component_gram = np.zeros((len(components), len(components)))
        for start in range(0, matrix.shape[1], COLUMNS_AT_ONCE):
            columns = slice(start, start + COLUMNS_AT_ONCE)
            cross += matrix[:, columns] @ components[:, columns].T
            component_gram += components[:, columns] @ components[:, columns].T
        self._products = self._products_with_x(cross), component_gram

    def step(self, *, with_violation: bool) -> float:
        """Update both factors once; return the sum of absolute projected gradients, 0 without `with_violation`."""
        cross, gram = self._products
        dtype = self.weights.dtype
        transposed = np.array(self._extrapolated_weights.T, order="C")
        target = np.array(cross.T, dtype=dtype, order="C")
        violation = sweep(
            transposed, gram=gram.astype(dtype), target=target, times=WEIGHT_SWEEPS, with_violation=with_violation
        )
        weights = transposed.T
        weights_f64 = weights.astype(np.float64)
        error = (
            self._squared_norm
            - 2 * float(np.vdot(cross, weights_f64))
            + float(np.vdot(weights_f64.T @ weights_f64, gram))
        )
        accepted = error <= self.error
        extrapolation = EXTRAPOLATION if accepted else 0.0
        if accepted:
            self._extrapolated_weights = np.maximum(weights + extrapolation * (weights - self.weights), 0)
            self.weights = weights
            self.error = error
            self.components, self._trial_components = self._trial_components, self.components
        else:
            self._extrapolated_weights = self.weights
        return violation + self._update_components(extrapolation, with_violation=with_violation)

    def _update_components(self, extrapolation: float, *, with_violation: bool) -> float:
        """Compute trial components for the extrapolated weights, and the products that the next step needs."""
        weights_t = self._extrapolated_weights if self._basis is None else self._basis.T @ self._extrapolated_weights
        gram = self._extrapolated_weights.T @ self._extrapolated_weights
        cross = np.zeros(weights_t.shape)
        component_gram = np.zeros(gram.shape)
        violation = 0.0
        for start in range(0, self._matrix.shape[1], COLUMNS_AT_ONCE):
            columns = slice(start, start + COLUMNS_AT_ONCE)
            X_columns = self._matrix[:, columns]
            components = np.array(self.components[:, columns], order="C")
            violation += sweep(
                components,
                gram=gram,
                target=weights_t.T @ X_columns,
                times=COMPONENT_SWEEPS,
                with_violation=with_violation,
            )
            trial = components - self._swept_components[:, columns]
            trial *= extrapolation
            trial += components
            np.maximum(trial, 0, out=trial)
            self._swept_components[:, columns] = components
            self._trial_components[:, columns] = trial
            cross += X_columns @ trial.T
            component_gram += trial @ trial.T
        self._products = self._products_with_x(cross), component_gram
        return violation

    def _products_with_x(self, cross: np.ndarray) -> np.ndarray:
        """Convert products with the matrix (k, rank) to products with X (n, rank)."""
        return cross if self._basis is None else self._basis @ cross


def sweep(factor: np.ndarray, *, gram: np.ndarray, target: np.ndarray, times: int, with_violation: bool) -> float:
    """Run `times` passes of coordinate descent over the rows of `factor` (rank, m), in place; overwrites `target`.

    Minimizes the squared norm of X - other @ factor, given `gram` = other.T @ other (rank, rank) and `target` =
    other.T @ X (rank, m). Returns the sum of absolute projected gradients on the first pass, 0 without
    `with_violation`. Source: Cichocki and Phan 2009; the violation is that of scikit-learn's solver 'cd'.
    """
    curvature = np.diag(gram)
    steps = np.divide(1, curvature, out=np.zeros_like(curvature), where=curvature > 0)[:, None]
    coefficients = -steps * gram
    np.fill_diagonal(coefficients, curvature <= 0)  # a row that has no effect on the product stays as it is
    target *= steps
    best = np.empty(factor.shape[1], factor.dtype)
    violation = 0.0
    for repetition in range(times):
        for index, row in enumerate(factor):
            np.dot(coefficients[index], factor, out=best)
            best += target[index]
            if with_violation and repetition == 0:
                gradient = np.where(row == 0, np.minimum(row - best, 0), row - best)
                violation += float(curvature[index]) * float(np.abs(gradient).sum(dtype=np.float64))
            np.maximum(best, 0, out=row)
    return violation
