"""The factors: as good as scikit-learn's, with their true error, whatever the shape and however little is looked at."""

import warnings

import numpy as np
import pytest
from sklearn.decomposition import non_negative_factorization

from ichdag.features import factorization, hals
from ichdag.features.factorization import factorize

SETTINGS = {"init": "nndsvda", "max_iter": 2000, "tolerance": 1e-4, "seed": 0}


def made(seed, *, rows=60, columns=150, components=8):
    """A matrix with columns in [0, 1] that `parts` non-negative parts explain but for noise."""
    random = np.random.default_rng(seed)
    values = random.gamma(0.5, 1, (rows, components)) @ random.gamma(0.5, 1, (components, columns))
    values += random.uniform(0, 0.3, values.shape)
    return values / values.max(axis=0)


def left_by_peer(matrix, *, rank, max_iter=2000, init="nndsvda"):
    """The error of scikit-learn's coordinate descent at the same stop."""
    names = {"n_components": rank, "init": init, "solver": "cd", "max_iter": max_iter, "tol": 1e-4}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weights, components, _ = non_negative_factorization(matrix, **names, random_state=0)
    return left(matrix, weights, components)


def left(matrix, weights, components):
    return np.linalg.norm(matrix.astype(float) - weights.astype(float) @ components.astype(float))


@pytest.fixture
def sketches(monkeypatch):
    """The shapes of the matrices that a solver starts on."""
    seen, start = [], factorization._start_solver
    monkeypatch.setattr(factorization, "_start_solver", lambda X, **more: seen.append(X.shape) or start(X, **more))
    return seen


@pytest.mark.parametrize("seed", range(5))
def test_the_error_is_at_most_that_of_scikit_learn_at_the_same_stop(seed):
    matrix = made(seed)
    assert factorize(matrix, rank=8, **SETTINGS).error <= left_by_peer(matrix, rank=8) * 1.0001


@pytest.mark.parametrize("init", ["nndsvd", "nndsvdar", "random"])
def test_other_starts_end_about_as_well_as_those_of_scikit_learn(init):
    matrix = made(1)
    error = factorize(matrix, rank=8, **SETTINGS | {"init": init}).error
    assert error == pytest.approx(left_by_peer(matrix, rank=8, init=init), rel=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_a_sketch_leads_to_an_error_of_at_most_that_of_scikit_learn(sketches, seed):
    matrix = made(seed, columns=5000, components=6).astype(np.float32)
    result = factorize(matrix, rank=6, **SETTINGS | {"max_iter": 200})
    assert sketches == [(60, 2048)]
    assert result.error <= left_by_peer(matrix, rank=6, max_iter=200) * 1.0001


@pytest.mark.parametrize("columns", [150, 5000])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_error_told_is_the_one_of_the_factors(columns, kind):
    matrix = made(0, columns=columns).astype(kind)
    result = factorize(matrix, rank=5, **SETTINGS | {"max_iter": 20})
    assert result.weights.dtype == result.components.dtype == kind
    assert result.error == pytest.approx(left(matrix, result.weights, result.components), rel=1e-4)


def test_more_iterations_never_leave_more():
    errors = [factorize(made(2), rank=8, **SETTINGS | {"max_iter": count}).error for count in (1, 2, 3, 5, 10, 30, 100)]
    assert errors == sorted(errors, reverse=True) and errors[-1] < errors[0]


def test_nothing_is_negative_and_more_parts_explain_more():
    errors = []
    for rank in (1, 4, 8):
        result = factorize(made(3), rank=rank, **SETTINGS)
        assert result.weights.min() >= 0 and result.components.min() >= 0
        errors.append(result.error)
    assert errors[0] > errors[1] > errors[2]


def test_a_tall_matrix_is_its_transpose_turned():
    matrix = made(4)
    wide, tall = factorize(matrix, rank=5, **SETTINGS), factorize(matrix.T, rank=5, **SETTINGS)
    assert np.array_equal(tall.weights, wide.components.T) and np.array_equal(tall.components, wide.weights.T)
    assert tall.error == wide.error and tall.iterations == wide.iterations


def test_the_slices_change_nothing_but_rounding(monkeypatch):
    matrix = made(5)
    whole = factorize(matrix, rank=4, **SETTINGS | {"max_iter": 30})
    monkeypatch.setattr(hals, "COLUMNS_AT_ONCE", 7)
    sliced = factorize(matrix, rank=4, **SETTINGS | {"max_iter": 30})
    assert np.allclose(whole.weights, sliced.weights, atol=1e-9) and np.allclose(
        whole.components, sliced.components, atol=1e-9
    )


@pytest.mark.parametrize("columns", [150, 5000])
def test_the_same_matrix_gives_the_same_bytes(columns):
    one, other = (factorize(made(6, columns=columns), rank=5, **SETTINGS | {"max_iter": 40}) for _ in range(2))
    assert one.components.tobytes() == other.components.tobytes() and one.weights.tobytes() == other.weights.tobytes()


@pytest.mark.parametrize("columns", [150, 5000])
def test_single_and_double_precision_differ_by_rounding(columns):
    matrix, settings = made(7, columns=columns), SETTINGS | {"max_iter": 20, "tolerance": 0}
    double, single = (factorize(matrix.astype(kind), rank=8, **settings) for kind in (np.float64, np.float32))
    assert single.error == pytest.approx(double.error, rel=1e-4)
    assert np.allclose(single.weights, double.weights, atol=1e-3)


def test_a_looser_tolerance_stops_sooner_and_the_limit_stops_all():
    counts = [factorize(made(0), rank=8, **SETTINGS | {"tolerance": size}).iterations for size in (1e-2, 1e-3, 1e-4)]
    assert counts[0] < counts[1] < counts[2] < 2000
    assert factorize(made(0), rank=8, **SETTINGS | {"tolerance": 0, "max_iter": 12}).iterations == 12


def test_columns_that_are_the_same_get_the_same_parts():
    matrix = made(8)
    result = factorize(np.hstack([matrix, matrix[:, :20]]), rank=6, **SETTINGS | {"tolerance": 1e-7})
    assert np.allclose(result.components[:, 150:], result.components[:, :20], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("columns", [40, 5000])
def test_a_matrix_of_lower_rank_or_of_zeros_leaves_nothing_and_no_gaps(columns):
    for matrix in (np.zeros((20, columns)), np.outer(np.arange(1, 21), np.linspace(0.1, 1, columns))):
        result = factorize(matrix, rank=3, **SETTINGS)
        assert np.isfinite(result.weights).all() and np.isfinite(result.components).all()
        assert result.error <= 1e-3 * np.linalg.norm(matrix)
