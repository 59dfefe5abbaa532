"""Factorize a wide matrix: most iterations on a sketch (sampled columns), the last ones on the whole matrix."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils import check_random_state

from ichdag.features.hals import HalsSolver, sweep
from ichdag.features.initialization import COLUMNS_AT_ONCE, gram_of, initialize_factors, leading_singular_vectors

SKETCH_COLUMNS, MIN_SKETCH_COLUMNS = 64, 2048  # columns sampled for the sketch: per component, and at least
SKETCH_DIRECTIONS = 3  # leading singular vectors that the sketch is projected on, per component
SKETCH_SHARE = 0.95  # largest share of the iterations on the sketch
SKETCH_TOLERANCE = 0.1  # the sketch is fitted to this fraction of the tolerance: its iterations cost little
EXTENSION_SWEEPS = 6  # sweeps that compute the components of all columns from the weights of the sketch
CHECK_EVERY = 5  # iterations between two checks of the tolerance


@dataclass(frozen=True)
class Factorization:
    """Weights (n, rank), components (rank, p), number of iterations, Frobenius norm of the residual."""

    weights: np.ndarray
    components: np.ndarray
    iterations: int
    error: float


def factorize(
    X: np.ndarray, *, rank: int, init: str, max_iter: int, tolerance: float, seed: int | None
) -> Factorization:
    """Factorize non-negative X (n, p), float32 or float64; `rank` is at most n and p.

    With few rows and many columns, some of the columns determine the weights. So nearly all iterations use a sketch:
    columns sampled by `seed`, rows projected on their leading singular vectors. Then the components of all columns
    are computed, and the last iterations and the error are those of X itself. A matrix that is not at least twice as
    wide as the sketch is factorized directly. Memory: X and three copies of the components. Deterministic for a given
    number of threads. Source: `HalsSolver`; projection: Zhou, Cichocki and Xie 2012.
    """
    if X.shape[0] > X.shape[1]:
        transposed = factorize(X.T, rank=rank, init=init, max_iter=max_iter, tolerance=tolerance, seed=seed)
        return Factorization(
            transposed.components.T, np.ascontiguousarray(transposed.weights.T), transposed.iterations, transposed.error
        )
    width = max(SKETCH_COLUMNS * rank, MIN_SKETCH_COLUMNS)
    first_violation = None
    iterations = 0
    if 2 * width <= X.shape[1] and max_iter > 1:
        columns = np.sort(check_random_state(seed).permutation(X.shape[1])[:width])
        solver = _start_solver(X[:, columns], rank=rank, init=init, seed=seed, rank_kept=SKETCH_DIRECTIONS * rank)
        sketch_violation, iterations = _iterate(
            solver,
            first_violation=None,
            iterations=0,
            limit=int(SKETCH_SHARE * max_iter),
            tolerance=SKETCH_TOLERANCE * tolerance,
        )
        first_violation = sketch_violation * (X.shape[1] / width)
        solver = _extend_to_all_columns(X, weights=solver.weights)
    else:
        solver = _start_solver(X, rank=rank, init=init, seed=seed, rank_kept=None)
    _, iterations = _iterate(
        solver, first_violation=first_violation, iterations=iterations, limit=max_iter, tolerance=tolerance
    )
    return Factorization(solver.weights, solver.components, iterations, float(np.sqrt(max(solver.error, 0))))


def _start_solver(X: np.ndarray, *, rank: int, init: str, seed: int | None, rank_kept: int | None) -> HalsSolver:
    """Create a solver with initial factors, on X projected on `rank_kept` vectors if that saves a third or more."""
    gram = gram_of(X)
    if rank_kept is not None and 3 * rank_kept > 2 * len(X):
        rank_kept = None
    vectors = leading_singular_vectors(gram, count=rank if rank_kept is None else rank_kept, dtype=X.dtype)
    projected = vectors.T @ X
    mean = float(X.mean(dtype=np.float64))
    weights, components = initialize_factors(vectors, projected=projected, mean=mean, rank=rank, init=init, seed=seed)
    matrix = X if rank_kept is None else projected
    basis = None if rank_kept is None else vectors
    return HalsSolver(matrix, basis=basis, weights=weights, components=components, squared_norm=float(np.trace(gram)))


def _extend_to_all_columns(X: np.ndarray, *, weights: np.ndarray) -> HalsSolver:
    """Create a solver on X from these weights, with components by least squares clipped at zero, then sweeps."""
    gram = weights.T @ weights
    squared_norm = 0.0
    inverse = np.linalg.pinv(gram.astype(np.float64), hermitian=True).astype(X.dtype)
    components = np.empty((weights.shape[1], X.shape[1]), dtype=X.dtype)
    for start in range(0, X.shape[1], COLUMNS_AT_ONCE):
        columns = slice(start, start + COLUMNS_AT_ONCE)
        target = weights.T @ X[:, columns]
        block = np.maximum(inverse @ target, 0)
        sweep(block, gram=gram, target=target, times=EXTENSION_SWEEPS, with_violation=False)
        components[:, columns] = block
        squared_norm += float(np.square(X[:, columns]).sum(dtype=np.float64))
    return HalsSolver(X, basis=None, weights=weights, components=components, squared_norm=squared_norm)


def _iterate(
    solver: HalsSolver, *, first_violation: float | None, iterations: int, limit: int, tolerance: float
) -> tuple[float | None, int]:
    """Iterate to `limit`, or until the violation is `tolerance` times the first; return the first, and the count."""
    while iterations < limit:
        with_violation = iterations % CHECK_EVERY == 0
        violation = solver.step(with_violation=with_violation)
        iterations += 1
        first_violation = violation if first_violation is None else first_violation
        if with_violation and violation <= tolerance * first_violation:
            break
    return first_violation, iterations
