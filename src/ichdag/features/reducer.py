"""Reduce one feature block: impute, scale to [0, 1], non-negative matrix factorization."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from ichdag.features.nmf import NMF
from ichdag.features.projection import ROWS_AT_ONCE, project

COLUMNS_AT_ONCE = 4096


class Reducer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Reduce the columns of one block to `rank` non-negative components; all is learned from the rows of `fit`.

    ASSUME: missing cells get the median of the training rows; columns without a value, or with one value, are dropped.
    ASSUME: NMF needs non-negative input: columns are scaled to [0, 1] by the minimum and maximum of the training rows,
    later values are clipped to that range.
    ASSUME: training rows are transformed like all others, by exact non-negative least squares on the components;
    scikit-learn's transform stops by a criterion summed over all rows, so that a row's result depends on the others.

    Learned: `components_` (rank, kept columns), `n_iter_`, `reconstruction_err_` (Frobenius norm of the residual of the
    scaled matrix with the weights of the fit) and `error_` (the same, relative to the norm of the scaled matrix).
    Source: Lee and Seung 1999; `NMF` and `project`.
    """

    def __init__(self, *, rank: int, init: str, max_iter: int, tolerance: float, random_state: int | None = None):
        self.rank = rank
        self.init = init
        self.max_iter = max_iter
        self.tolerance = tolerance
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Learn medians, ranges and components from X (n, p), NaN allowed. Raises ValueError if `rank` is too large."""
        X = self._validated(X, reset=True)
        low = np.fmin.reduce(X, axis=0)
        high = np.fmax.reduce(X, axis=0)
        magnitude = np.maximum(np.abs(low), np.abs(high))
        self.kept_ = high - low > 10 * np.finfo(X.dtype).eps * magnitude
        limit = min(X.shape[0], int(self.kept_.sum()))
        if self.rank > limit:
            raise ValueError(
                f"rank {self.rank} is above what n_samples = {X.shape[0]} and {self.kept_.sum()} varying columns "
                f"(n_features = {X.shape[1]}) allow: set rank to {limit} or less"
            )
        self.low_ = low[self.kept_]
        self.high_ = high[self.kept_]
        self.median_ = _medians(X, self.kept_)
        scaled = self._scaled(X)
        nmf = NMF(
            self.rank, init=self.init, max_iter=self.max_iter, tol=self.tolerance, random_state=self.random_state
        ).fit(scaled)
        self.components_ = nmf.components_
        self.n_iter_ = nmf.n_iter_
        self.reconstruction_err_ = nmf.reconstruction_err_
        self.error_ = nmf.reconstruction_err_ / float(np.sqrt(sum(np.vdot(row, row) for row in scaled)))
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Compute the weights (n, rank) of the components in each row of X (n, p); rows do not affect each other."""
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        return project(X, components=self.components_, prepare=self._scaled)

    def residual(self, X: np.ndarray, *, weights: np.ndarray) -> float:
        """Compute the residual norm of the rows of X (n, p) with these weights (n, rank), relative to scaled X."""
        residual_squares = 0.0
        total_squares = 0.0
        for start in range(0, len(X), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            scaled = self._scaled(X[rows])
            total_squares += float(np.vdot(scaled, scaled))
            scaled -= weights[rows] @ self.components_
            residual_squares += float(np.vdot(scaled, scaled))
        return float(np.sqrt(residual_squares / total_squares))

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        """Return a new matrix of the kept columns, missing cells imputed, scaled and clipped to [0, 1]."""
        scaled = np.take(X, np.flatnonzero(self.kept_), axis=1)
        for start in range(0, scaled.shape[1], COLUMNS_AT_ONCE):
            columns = slice(start, start + COLUMNS_AT_ONCE)
            cells = scaled[:, columns]
            np.copyto(cells, self.median_[columns], where=np.isnan(cells))
            cells -= self.low_[columns]
            cells /= self.high_[columns] - self.low_[columns]
            np.clip(cells, 0, 1, out=cells)
        return scaled

    def _validated(self, X: np.ndarray, *, reset: bool) -> np.ndarray:
        return validate_data(self, X, reset=reset, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan")

    @property
    def _n_features_out(self) -> int:
        return self.components_.shape[0]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _medians(X: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Compute the median of the observed cells of each kept column, a few columns in memory at a time."""
    columns = np.flatnonzero(kept)
    medians = np.empty(len(columns), dtype=X.dtype)
    for start in range(0, len(columns), COLUMNS_AT_ONCE):
        chunk = slice(start, start + COLUMNS_AT_ONCE)
        cells = X[:, columns[chunk]]
        medians[chunk] = np.median(cells, axis=0)
        gaps = np.isnan(medians[chunk])
        medians[chunk][gaps] = np.nanmedian(cells[:, gaps], axis=0) if gaps.any() else 0
    return medians
