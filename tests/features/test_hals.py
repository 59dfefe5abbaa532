"""The solver: scikit-learn's coordinate descent with extrapolation, whose error never rises."""

import warnings

import numpy as np
import pytest
from sklearn.decomposition import non_negative_factorization

from ichdag.features import hals
from ichdag.features.hals import HalsSolver, sweep


@pytest.fixture
def start():
    """A matrix (20, 300), weights and parts to start from."""
    random = np.random.default_rng(0)
    return [random.gamma(0.5, 1, shape) for shape in ((20, 300), (20, 4), (4, 300))]


def descended(start, *, steps, basis=None):
    matrix, weights, components = start
    seen = matrix if basis is None else basis.T @ matrix
    way = HalsSolver(
        seen, basis=basis, weights=weights, components=components.copy(), squared_norm=float(np.vdot(matrix, matrix))
    )
    for _ in range(steps):
        way.step(with_violation=False)
        yield way.error, np.linalg.norm(matrix - way.weights @ way.components) ** 2
    assert way.weights.min() >= 0 and way.components.min() >= 0


def test_one_sweep_over_either_factor_is_an_iteration_of_scikit_learn(start):
    matrix, weights, components = start
    names = {"n_components": 4, "init": "custom", "solver": "cd", "max_iter": 1, "tol": 0, "shuffle": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = non_negative_factorization(matrix, W=weights.copy(), H=components.copy(), **names)
    turned = weights.T.copy()
    sweep(turned, gram=components @ components.T, target=components @ matrix.T, times=1, with_violation=False)
    sweep(components, gram=turned @ turned.T, target=turned @ matrix, times=1, with_violation=False)
    assert np.allclose(turned.T, theirs[0]) and np.allclose(components, theirs[1])


def test_the_move_of_a_sweep_is_the_sum_of_the_projected_gradients_met(start):
    matrix, weights, components = start
    components[0, :50] = 0
    gram, target, expected, cells = weights.T @ weights, weights.T @ matrix, 0, components.copy()
    for place in range(4):
        slope = gram[place] @ cells - target[place]
        expected += np.abs(slope[(cells[place] > 0) | (slope < 0)]).sum()
        cells[place] = np.maximum(cells[place] - slope / gram[place, place], 0)
    assert sweep(components, gram=gram, target=target, times=1, with_violation=True) == pytest.approx(expected)


def test_a_part_that_no_weight_uses_stays_as_it_is(start):
    matrix, weights, components = start
    weights[:, 2], before = 0, components[2].copy()
    sweep(components, gram=weights.T @ weights, target=weights.T @ matrix, times=3, with_violation=False)
    assert np.array_equal(components[2], before)


@pytest.mark.parametrize("push", [0, 0.4, 2])
def test_the_error_is_true_and_never_rises_even_if_pushed_too_far(start, monkeypatch, push):
    monkeypatch.setattr(hals, "EXTRAPOLATION", push)
    told, true = np.transpose(list(descended(start, steps=60)))
    assert (np.diff(told) <= 1e-9 * told[0]).all() and told[-1] < told[0]
    assert np.allclose(told, true)


def test_the_push_saves_iterations(start, monkeypatch):
    pushed = [error for error, _ in descended(start, steps=60)][-1]
    monkeypatch.setattr(hals, "EXTRAPOLATION", 0)
    assert pushed < [error for error, _ in descended(start, steps=60)][-1]


def test_a_basis_of_all_rows_changes_nothing(start):
    basis = np.linalg.qr(np.random.default_rng(1).standard_normal((20, 20)))[0]
    plain, turned = (np.array(list(descended(start, steps=10, basis=way)))[:, 0] for way in (None, basis))
    assert np.allclose(plain, turned)
