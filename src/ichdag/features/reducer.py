"""The reduction of one feature block: impute, scale to [0, 1], non-negative matrix factorization."""

from typing import Any, Self

import numpy as np
from scipy.optimize import nnls
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ichdag.features.factorization import factorize

COLUMNS_AT_ONCE = 4096
ROWS_AT_ONCE = 256


class Reducer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Reduce the columns of one block to `rank` non-negative parts; everything is learned from the rows of `fit`.

    ASSUME: missing cells get the median of the training rows; columns without a value, or with one value, are dropped.
    ASSUME: NMF needs non-negative input: columns are scaled to [0, 1] by the minimum and maximum of the training rows,
    later values are clipped to that range.
    ASSUME: training rows are transformed like all others, by exact non-negative least squares on the learned parts;
    scikit-learn's own transform stops by a criterion summed over all rows, so that a row's result depends on the rest.

    Source: Lee and Seung 1999; coordinate descent of scikit-learn; Lawson and Hanson 1974 for the least squares.
    """

    def __init__(self, *, rank: int, init: str, max_iter: int, tolerance: float, random_state: int | None = None):
        self.rank = rank
        self.init = init
        self.max_iter = max_iter
        self.tolerance = tolerance
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Learn medians, ranges and parts from X (n, p), cells may be NaN. Raises ValueError if `rank` is too large."""
        X = self._checked(X, reset=True)
        low, high = np.fmin.reduce(X, axis=0), np.fmax.reduce(X, axis=0)
        size = np.maximum(np.abs(low), np.abs(high))
        self.kept_ = high - low > 10 * np.finfo(X.dtype).eps * size
        limit = min(X.shape[0], int(self.kept_.sum()))
        if self.rank > limit:
            raise ValueError(
                f"rank {self.rank} is above what n_samples = {X.shape[0]} and {self.kept_.sum()} varying columns "
                f"(n_features = {X.shape[1]}) allow: set rank to {limit} or less"
            )
        self.low_, self.high_ = low[self.kept_], high[self.kept_]
        self.median_ = _medians(X, self.kept_)
        scaled = self._scaled(X)
        weights, self.components_, self.n_iter_ = factorize(
            scaled,
            rank=self.rank,
            init=self.init,
            max_iter=self.max_iter,
            tolerance=self.tolerance,
            seed=self.random_state,
        )
        self.error_ = _relative_error(scaled, weights, self.components_)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """The weights (n, rank) of the parts in each row of X (n, p); a row's weights depend on that row alone."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        parts = self.components_.astype(np.float64)
        values, vectors = np.linalg.eigh(parts @ parts.T)
        known = values > values[-1] * 1e-10
        root = np.sqrt(values[known])
        triangle = (vectors[:, known] * root).T
        rows = []
        for start in range(0, len(X), ROWS_AT_ONCE):
            product = self._scaled(X[start : start + ROWS_AT_ONCE]).astype(np.float64) @ parts.T
            rows += [nnls(triangle, target)[0] for target in product @ vectors[:, known] / root]
        return np.array(rows, dtype=X.dtype)

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        """A new matrix of the kept columns, missing cells filled, scaled and clipped to [0, 1]."""
        scaled = np.take(X, np.flatnonzero(self.kept_), axis=1)
        for start in range(0, scaled.shape[1], COLUMNS_AT_ONCE):
            part = slice(start, start + COLUMNS_AT_ONCE)
            cells = scaled[:, part]
            np.copyto(cells, self.median_[part], where=np.isnan(cells))
            cells -= self.low_[part]
            cells /= self.high_[part] - self.low_[part]
            np.clip(cells, 0, 1, out=cells)
        return scaled

    def _checked(self, X: np.ndarray, *, reset: bool) -> np.ndarray:
        return validate_data(self, X, reset=reset, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan")

    @property
    def _n_features_out(self) -> int:
        return self.components_.shape[0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _medians(X: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Median of the known cells of each kept column, a few columns in memory at a time."""
    columns = np.flatnonzero(kept)
    medians = np.empty(len(columns), dtype=X.dtype)
    for start in range(0, len(columns), COLUMNS_AT_ONCE):
        part = slice(start, start + COLUMNS_AT_ONCE)
        cells = X[:, columns[part]]
        medians[part] = np.median(cells, axis=0)
        gaps = np.isnan(medians[part])
        medians[part][gaps] = np.nanmedian(cells[:, gaps], axis=0) if gaps.any() else 0
    return medians


def _relative_error(scaled: np.ndarray, weights: np.ndarray, parts: np.ndarray) -> float:
    """Frobenius norm of what the parts do not explain, relative to that of the matrix; no third matrix is made."""
    total = float(np.vdot(scaled, scaled))
    crossed = float(np.vdot(scaled @ parts.T, weights))
    explained = float(np.vdot(weights.T @ weights, parts @ parts.T))
    return float(np.sqrt(max(total - 2 * crossed + explained, 0) / total))
