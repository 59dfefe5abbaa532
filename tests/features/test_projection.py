"""The weights of rows: exact, and of each row by itself."""

import numpy as np
import pytest
from scipy.optimize import nnls

from ichdag.features.projection import ROWS_AT_ONCE, project


@pytest.fixture
def parts():
    random = np.random.default_rng(0)
    return random.gamma(0.5, 1, (7, 300)) * (random.random((7, 300)) < 0.6)


@pytest.fixture
def rows():
    return np.random.default_rng(1).random((ROWS_AT_ONCE + 9, 300))


def test_weights_are_the_non_negative_least_squares_of_each_row(parts, rows):
    expected = [nnls(parts.T, row)[0] for row in rows]
    assert np.allclose(project(rows, parts=parts, prepare=np.asarray), expected, atol=1e-9)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_row_gets_the_same_bits_alone_and_among_others(parts, rows, kind):
    rows, parts = rows.astype(kind), parts.astype(kind)
    together = project(rows, parts=parts, prepare=np.asarray)
    alone = np.vstack([project(row[None], parts=parts, prepare=np.asarray) for row in rows])
    assert together.dtype == kind and np.array_equal(alone, together)
    assert np.array_equal(project(rows[::-1], parts=parts, prepare=np.asarray), together[::-1])


def test_parts_that_depend_on_each_other_or_are_empty_still_fit_as_well_as_they_can(parts, rows):
    doubled = np.vstack([parts, parts[:2], np.zeros((1, 300))])
    weights = project(rows, parts=doubled, prepare=np.asarray)
    best = [nnls(parts.T, row)[1] for row in rows]
    assert np.allclose(np.linalg.norm(rows - weights @ doubled, axis=1), best, rtol=1e-6)
    assert not project(rows, parts=np.zeros((2, 300)), prepare=np.asarray).any()


def test_no_rows_give_no_weights(parts):
    assert project(np.empty((0, 300)), parts=parts, prepare=np.asarray).shape == (0, 7)
