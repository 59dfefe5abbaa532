"""The reduction of one feature block: impute, scale to [0, 1], non-negative matrix factorization."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ichdag.features.nmf import NMF
from ichdag.features.projection import ROWS_AT_ONCE, project

COLUMNS_AT_ONCE = 4096


class Reducer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Reduce the columns of one block to `rank` non-negative parts; everything is learned from the rows of `fit`.

    ASSUME: missing cells get the median of the training rows; columns without a value, or with one value, are dropped.
    ASSUME: NMF needs non-negative input: columns are scaled to [0, 1] by the minimum and maximum of the training rows,
    later values are clipped to that range.
    ASSUME: training rows are transformed like all others, by exact non-negative least squares on the learned parts;
    scikit-learn's own transform stops by a criterion summed over all rows, so that a row's result depends on the rest.

    Learned: `components_` (rank, kept columns), `n_iter_`, `reconstruction_err_` (Frobenius norm of what the weights
    found while fitting leave of the scaled matrix) and `error_` (the same, relative to the norm of the scaled matrix).
    Source: Lee and Seung 1999; `NMF` and `project`.
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
        settings = {"init": self.init, "max_iter": self.max_iter, "tol": self.tolerance}
        model = NMF(self.rank, **settings, random_state=self.random_state).fit(scaled)
        self.components_, self.n_iter_ = model.components_, model.n_iter_
        self.reconstruction_err_ = model.reconstruction_err_
        self.error_ = model.reconstruction_err_ / float(np.sqrt(sum(np.vdot(row, row) for row in scaled)))
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """The weights (n, rank) of the parts in each row of X (n, p); a row's weights depend on that row alone."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        return project(X, parts=self.components_, prepare=self._scaled)

    def residual(self, X: np.ndarray, *, weights: np.ndarray) -> float:
        """What these weights (n, rank) leave of the rows of X (n, p), relative to the norm of the scaled rows."""
        left, whole = 0.0, 0.0
        for start in range(0, len(X), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            scaled = self._scaled(X[part])
            whole += float(np.vdot(scaled, scaled))
            scaled -= weights[part] @ self.components_
            left += float(np.vdot(scaled, scaled))
        return float(np.sqrt(left / whole))

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
