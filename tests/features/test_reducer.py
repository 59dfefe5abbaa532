"""The reduction: scikit-learn's conventions, no look at other rows, missing cells, limits of the rank."""

import numpy as np
import pytest
from scipy.optimize import nnls
from sklearn.utils.estimator_checks import parametrize_with_checks

from ichdag.features.reducer import Reducer

SETTINGS = {"init": "nndsvda", "max_iter": 200, "tolerance": 1e-4, "random_state": 0}


@pytest.fixture
def matrix():
    """40 rows that four non-negative parts of 30 columns explain, with a little noise."""
    random = np.random.default_rng(1)
    return random.gamma(1, 1, (40, 4)) @ random.gamma(0.5, 1, (4, 30)) + random.uniform(0, 0.05, (40, 30))


@parametrize_with_checks([Reducer(rank=1, init="nndsvda", max_iter=200, tolerance=1e-4, random_state=0)])
def test_the_reduction_keeps_the_conventions_of_scikit_learn(estimator, check):
    check(estimator)


def test_learned_scale_is_the_range_of_the_training_rows(matrix):
    reducer = Reducer(rank=4, **SETTINGS).fit(matrix[:30])
    assert np.array_equal(reducer.low_, matrix[:30].min(axis=0))
    assert np.array_equal(reducer.high_, matrix[:30].max(axis=0))


def test_values_beyond_the_training_range_are_clipped(matrix):
    reducer = Reducer(rank=4, **SETTINGS).fit(matrix)
    beyond, edge = matrix[:1].copy(), matrix[:1].copy()
    beyond[0, 3], edge[0, 3] = 1e6, matrix[:, 3].max()
    assert np.allclose(reducer.transform(beyond), reducer.transform(edge), rtol=0, atol=1e-12)


def test_a_row_is_reduced_the_same_whatever_the_other_rows_are(matrix):
    reducer = Reducer(rank=4, **SETTINGS).fit(matrix[:30])
    alone = np.vstack([reducer.transform(row[None]) for row in matrix])
    assert np.array_equal(alone, reducer.transform(matrix))
    assert np.array_equal(alone[5], reducer.transform(np.vstack([matrix[5], matrix[:20] * 100]))[0])


def test_weights_solve_the_least_squares_problem_exactly(matrix):
    reducer = Reducer(rank=4, **SETTINGS).fit(matrix)
    scaled = (matrix - matrix.min(axis=0)) / np.ptp(matrix, axis=0)
    expected = np.array([nnls(reducer.components_.T, row)[0] for row in scaled])
    assert np.allclose(reducer.transform(matrix), expected, atol=1e-9)


def test_four_parts_explain_a_matrix_made_of_four_parts(matrix):
    assert Reducer(rank=4, **SETTINGS).fit(matrix).error_ < 0.1 < Reducer(rank=1, **SETTINGS).fit(matrix).error_


def test_relative_error_is_that_of_the_scaled_matrix(matrix):
    reducer = Reducer(rank=4, **SETTINGS | {"max_iter": 5000, "tolerance": 1e-9}).fit(matrix)
    scaled = (matrix - matrix.min(axis=0)) / np.ptp(matrix, axis=0)
    left = scaled - reducer.transform(matrix) @ reducer.components_
    assert reducer.error_ == pytest.approx(np.linalg.norm(left) / np.linalg.norm(scaled), rel=1e-4)


def test_the_error_is_told_as_scikit_learn_tells_it_too(matrix):
    reducer = Reducer(rank=4, **SETTINGS).fit(matrix)
    scaled = (matrix - matrix.min(axis=0)) / np.ptp(matrix, axis=0)
    assert reducer.reconstruction_err_ == pytest.approx(reducer.error_ * np.linalg.norm(scaled))


def test_repeated_columns_are_reduced_like_others(matrix):
    reducer = Reducer(rank=4, **SETTINGS).fit(np.hstack([matrix, matrix]))
    assert np.isfinite(reducer.transform(np.hstack([matrix, matrix]))).all() and reducer.error_ < 0.1


def test_infinite_cells_are_refused(matrix):
    reducer = Reducer(rank=4, **SETTINGS).fit(matrix)
    matrix[3, 4] = -np.inf
    for method in (reducer.transform, Reducer(rank=4, **SETTINGS).fit):
        with pytest.raises(ValueError, match="infinity"):
            method(matrix)


def test_a_missing_cell_counts_as_the_median_of_the_training_rows(matrix):
    matrix[2, 7] = np.nan
    reducer = Reducer(rank=4, **SETTINGS).fit(matrix)
    filled = matrix[:3].copy()
    filled[2, 7] = np.nanmedian(matrix[:, 7])
    assert np.array_equal(reducer.transform(matrix[:3]), reducer.transform(filled))


def test_a_cell_missing_only_in_later_rows_gets_the_training_median(matrix):
    reducer = Reducer(rank=4, **SETTINGS).fit(matrix)
    later, filled = matrix[:1].copy(), matrix[:1].copy()
    later[0, 0], filled[0, 0] = np.nan, np.median(matrix[:, 0])
    assert np.array_equal(reducer.transform(later), reducer.transform(filled))


def test_empty_and_constant_columns_change_nothing(matrix):
    plain = Reducer(rank=4, **SETTINGS).fit(matrix)
    wide = np.column_stack([np.full(40, np.nan), matrix, np.full(40, 0.1), np.zeros(40)])
    reducer = Reducer(rank=4, **SETTINGS).fit(wide)
    assert reducer.kept_.tolist() == [False] + [True] * 30 + [False, False]
    assert np.array_equal(reducer.transform(wide), plain.transform(matrix))


def test_single_precision_stays_single_precision_and_agrees(matrix):
    settings = SETTINGS | {"max_iter": 60, "tolerance": 0}
    double, single = (Reducer(rank=4, **settings).fit(matrix.astype(kind)) for kind in (np.float64, np.float32))
    assert single.components_.dtype == single.transform(matrix.astype(np.float32)).dtype == np.float32
    assert np.allclose(single.transform(matrix.astype(np.float32)), double.transform(matrix), atol=1e-3)


def test_the_same_seed_gives_the_same_bytes(matrix):
    one, other = (Reducer(rank=4, **SETTINGS).fit(matrix).transform(matrix) for _ in range(2))
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize(("rows", "columns"), [(3, 30), (40, 3)])
def test_a_rank_above_the_rows_or_columns_is_refused_with_what_to_set(matrix, rows, columns):
    with pytest.raises(ValueError, match="set rank to 3 or less"):
        Reducer(rank=4, **SETTINGS).fit(matrix[:rows, :columns])
