"""The start values are scikit-learn's."""

import numpy as np
import pytest
from sklearn.decomposition._nmf import _initialize_nmf

from ichdag.features.initialization import gram_of, initialize_factors, leading_singular_vectors


@pytest.fixture
def matrix():
    random = np.random.default_rng(0)
    return random.gamma(0.5, 1, (30, 5)) @ random.gamma(0.5, 1, (5, 2500)) + random.uniform(0, 0.1, (30, 2500))


def started(matrix, init):
    directions = leading_singular_vectors(gram_of(matrix), count=6, dtype=matrix.dtype)
    mean = matrix.mean()
    return initialize_factors(directions, projected=directions.T @ matrix, mean=mean, rank=6, init=init, seed=3)


def test_the_products_of_the_rows_are_summed_over_all_slices(matrix):
    assert np.allclose(gram_of(matrix), matrix @ matrix.T)


@pytest.mark.parametrize("init", ["nndsvda", "nndsvd", "random"])
def test_they_are_those_of_scikit_learn(matrix, init):
    theirs = _initialize_nmf(matrix, 6, init=init, random_state=3)
    for one, other in zip(started(matrix, init), theirs, strict=True):
        assert np.allclose(one, other, atol=1e-3)  # theirs come from a randomized decomposition


def test_nndsvdar_fills_the_same_cells_with_small_numbers(matrix):
    filled, zero = started(matrix, "nndsvdar"), started(matrix, "nndsvd")
    for one, other in zip(filled, zero, strict=True):
        assert np.array_equal(one[other > 0], other[other > 0])
        assert (one[other == 0] >= 0).all() and one[other == 0].std() > 0 and one[other == 0].max() < matrix.mean() / 10
