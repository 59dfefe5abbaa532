"""The weights of rows: exact, and of each row by itself."""

import numpy as np
import pytest
from scipy.optimize import nnls

from ichdag.features.projection import ROWS_AT_ONCE, project


@pytest.fixture
def components():
    random = np.random.default_rng(0)
    return random.gamma(0.5, 1, (7, 300)) * (random.random((7, 300)) < 0.6)


@pytest.fixture
def rows():
    return np.random.default_rng(1).random((ROWS_AT_ONCE + 9, 300))


def test_weights_are_the_non_negative_least_squares_of_each_row(components, rows):
    expected = [nnls(components.T, row)[0] for row in rows]
    assert np.allclose(project(rows, components=components, prepare=np.asarray), expected, atol=1e-9)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_row_gets_the_same_bits_alone_and_among_others(components, rows, kind):
    rows, components = rows.astype(kind), components.astype(kind)
    together = project(rows, components=components, prepare=np.asarray)
    alone = np.vstack([project(row[None], components=components, prepare=np.asarray) for row in rows])
    assert together.dtype == kind and np.array_equal(alone, together)
    assert np.array_equal(project(rows[::-1], components=components, prepare=np.asarray), together[::-1])


def test_parts_that_depend_on_each_other_or_are_empty_still_fit_as_well_as_they_can(components, rows):
    doubled = np.vstack([components, components[:2], np.zeros((1, 300))])
    weights = project(rows, components=doubled, prepare=np.asarray)
    best = [nnls(components.T, row)[1] for row in rows]
    assert np.allclose(np.linalg.norm(rows - weights @ doubled, axis=1), best, rtol=1e-6)
    assert not project(rows, components=np.zeros((2, 300)), prepare=np.asarray).any()


COMPONENTS = {
    "one is longer by five powers of ten": lambda random: random.random((3, 10)) * [[1e5], [1], [1]],
    "each is longer than the next": lambda random: random.random((6, 40)) * 10.0 ** -np.arange(0, 30, 5)[:, None],
    "one stands twice": lambda random: random.random((4, 30))[[0, 1, 1, 2, 3]],
    "one stands twice, and longer": lambda random: random.random((4, 30))[[0, 1, 1, 2]] * [[1], [1], [1e6], [1e-3]],
    "some are sums of others": lambda random: np.vstack([one := random.random((3, 30)), one[:2].sum(axis=0), one[1:]]),
    "more than columns": lambda random: random.random((8, 5)),
    "disjoint": lambda random: np.kron(np.eye(4), random.random((1, 6))) * [[1e4], [1e-4], [1], [1e8]],
    "nearly one": lambda random: random.random(20) + 1e-4 * random.random((5, 20)),
}


@pytest.mark.parametrize("kind", COMPONENTS)
def test_parts_of_any_length_and_rank_leave_no_more_of_a_row_than_scipy_does(kind):
    for seed in range(20):
        random = np.random.default_rng(seed)
        components = COMPONENTS[kind](random)
        rows = np.vstack([random.random((3, components.shape[1])), random.random((2, len(components))) @ components])
        weights = project(rows, components=components, prepare=np.asarray)
        left = np.linalg.norm(rows - weights @ components, axis=1)
        norms = np.linalg.norm(components, axis=1, keepdims=True)
        best = [nnls((components / norms).T, row)[1] for row in rows]
        assert (weights >= 0).all() and np.allclose(left, best, rtol=1e-9, atol=1e-9 * np.linalg.norm(rows, axis=1))


def test_the_residual_of_ill_scaled_random_parts_is_the_exact_one():
    """1.119 was left where parts of very different length lost directions; 0.906 is exact (SciPy)."""
    random = np.random.default_rng(0)
    components, row = random.random((3, 10)), random.random(10)
    components[0] *= 1e5
    weights = project(row[None], components=components, prepare=np.asarray)
    assert np.linalg.norm(row - weights @ components) == pytest.approx(nnls(components.T, row)[1], rel=1e-12)


def test_no_rows_give_no_weights(components):
    assert project(np.empty((0, 300)), components=components, prepare=np.asarray).shape == (0, 7)
