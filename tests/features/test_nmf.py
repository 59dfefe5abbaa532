"""The estimator: scikit-learn's conventions and names, and what it refuses."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from ichdag.features.nmf import NMF

SETTINGS = {"init": "nndsvda", "max_iter": 200, "tol": 1e-4, "random_state": 0}


@pytest.fixture
def matrix():
    return np.random.default_rng(0).random((20, 50))


@parametrize_with_checks([NMF(1, **SETTINGS)])
def test_it_keeps_the_conventions_of_scikit_learn(estimator, check):
    check(estimator)


def test_it_learns_what_scikit_learn_learns_under_the_same_names(matrix):
    model = NMF(3, **SETTINGS).fit(matrix)
    assert model.components_.shape == (3, 50) and model.components_.min() >= 0
    assert 1 < model.n_iter_ <= 200
    assert list(model.get_feature_names_out()) == ["nmf0", "nmf1", "nmf2"]


def test_weights_fit_at_least_as_well_as_the_error_says(matrix):
    model = NMF(3, **SETTINGS).fit(matrix)
    rest = np.linalg.norm(matrix - model.transform(matrix) @ model.components_)
    assert rest <= model.reconstruction_err_ * (1 + 1e-9) and rest == pytest.approx(model.reconstruction_err_, rel=1e-3)


@pytest.mark.parametrize(("cell", "message"), [(np.nan, "NaN"), (np.inf, "infinity"), (-0.1, "Negative values")])
def test_cells_that_cannot_be_factorized_are_refused(matrix, cell, message):
    model = NMF(3, **SETTINGS).fit(matrix)
    matrix[4, 7] = cell
    for method in (model.transform, NMF(3, **SETTINGS).fit):
        with pytest.raises(ValueError, match=message):
            method(matrix)


@pytest.mark.parametrize("shape", [(20, 50), (50, 20)])
def test_more_components_than_rows_or_columns_are_refused_with_what_to_set(shape):
    with pytest.raises(ValueError, match=r"n_components = 21 .* set it to 20 or less"):
        NMF(21, **SETTINGS).fit(np.ones(shape))


def test_constant_and_repeated_columns_are_factorized_like_others(matrix):
    model = NMF(4, **SETTINGS).fit(np.hstack([matrix, matrix[:, :5], np.ones((20, 1)), np.zeros((20, 1))]))
    assert np.isfinite(model.components_).all() and not model.components_[:, -1].any()
