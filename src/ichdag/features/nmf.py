"""Non-negative matrix factorization with scikit-learn's interface, for few rows and very many columns."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from ichdag.features.factorization import factorize
from ichdag.features.projection import project


class NMF(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Factorize X (n, p) as weights (n, n_components) @ components_ (n_components, p), non-negative, least squares.

    `init`, `max_iter` and `tol` have the meaning of scikit-learn's NMF with solver 'cd': the same initialization (for a
    wide matrix, from columns sampled by `random_state`), and the same stop, when the projected gradient falls to `tol`
    times that of the first iteration. The iterations differ, see `factorize`. Weights, also those of training rows,
    are exact non-negative least squares on the components, so that a row's weights depend on no other row;
    `reconstruction_err_` is the Frobenius norm of the residual with the weights of the fit.
    Raises ValueError for negative, missing or infinite cells, and if n_components is above n or p.
    """

    def __init__(self, n_components: int, *, init: str, max_iter: int, tol: float, random_state: int | None = None):
        self.n_components = n_components
        self.init = init
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Learn the components from X (n, p)."""
        X = self._validated(X, reset=True)
        if self.n_components > min(X.shape):
            raise ValueError(
                f"n_components = {self.n_components} is above n_samples = {X.shape[0]} or n_features = {X.shape[1]}: "
                f"set it to {min(X.shape)} or less"
            )
        factorization = factorize(
            X,
            rank=self.n_components,
            init=self.init,
            max_iter=self.max_iter,
            tolerance=self.tol,
            seed=self.random_state,
        )
        self.components_ = factorization.components
        self.n_iter_ = factorization.iterations
        self.reconstruction_err_ = factorization.error
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Compute the weights (n, n_components) of the components in each row of X (n, p)."""
        check_is_fitted(self)
        return project(self._validated(X, reset=False), components=self.components_, prepare=np.asarray)

    def _validated(self, X: np.ndarray, *, reset: bool) -> np.ndarray:
        return validate_data(self, X, reset=reset, dtype=[np.float64, np.float32], ensure_non_negative=True)

    @property
    def _n_features_out(self) -> int:
        return self.components_.shape[0]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
