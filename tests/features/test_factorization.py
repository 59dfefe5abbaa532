"""The factorization is scikit-learn's, step for step."""

import warnings

import numpy as np
import pytest
from sklearn.decomposition import non_negative_factorization

from ichdag.features import factorization
from ichdag.features.factorization import factorize


@pytest.fixture
def matrix():
    random = np.random.default_rng(0)
    values = random.gamma(0.5, 1, (30, 5)) @ random.gamma(0.5, 1, (5, 70)) + random.uniform(0, 0.1, (30, 70))
    values[:, 9] = 0
    return values / values.max()


def peer(matrix, *, rank, init, max_iter, tolerance, seed):
    names = {"n_components": rank, "init": init, "solver": "cd", "max_iter": max_iter, "tol": tolerance}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return non_negative_factorization(matrix, **names, random_state=seed)


@pytest.mark.parametrize("init", ["nndsvda", "nndsvd", "nndsvdar", "random"])
def test_weights_parts_and_iterations_are_those_of_scikit_learn(matrix, init):
    settings = {"rank": 6, "init": init, "max_iter": 300, "tolerance": 1e-4, "seed": 0}
    (weights, parts, count), (their_weights, their_parts, their_count) = (
        factorize(matrix, **settings),
        peer(matrix, **settings),
    )
    assert count == their_count
    assert np.allclose(weights, their_weights, atol=1e-8) and np.allclose(parts, their_parts, atol=1e-8)


def test_the_slices_change_nothing(matrix, monkeypatch):
    settings = {"rank": 4, "init": "nndsvda", "max_iter": 50, "tolerance": 1e-4, "seed": 0}
    whole = factorize(matrix, **settings)
    monkeypatch.setattr(factorization, "COLUMNS_AT_ONCE", 7)
    sliced = factorize(matrix, **settings)
    assert np.allclose(whole[0], sliced[0], atol=1e-10) and np.allclose(whole[1], sliced[1], atol=1e-10)


def test_nothing_is_negative_and_more_parts_explain_more(matrix):
    errors = []
    for rank in (1, 3, 5):
        weights, parts, _ = factorize(matrix, rank=rank, init="nndsvda", max_iter=500, tolerance=1e-5, seed=0)
        assert weights.min() >= 0 and parts.min() >= 0
        errors.append(np.linalg.norm(matrix - weights @ parts) / np.linalg.norm(matrix))
    assert errors[0] > errors[1] > errors[2] and errors[2] < 0.1
