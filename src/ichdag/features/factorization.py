"""The factors of a wide matrix: most of the way on a sketch of it, the end on the matrix itself."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils import check_random_state

from ichdag.features.descent import Descent, sweep
from ichdag.features.starting import COLUMNS_AT_ONCE, gram_of, leading_directions, start_values

SKETCH_COLUMNS, FEWEST_SKETCH_COLUMNS = 64, 2048  # columns drawn for a sketch: for each part, and at least
SKETCH_DIRECTIONS = 3  # directions of the rows kept in a sketch, for each part
SKETCHED = 0.95  # share of the iterations that may be spent on the sketch
SKETCH_TOLERANCE = 0.1  # the sketch is left at this part of the tolerance: its iterations cost little
SPREAD_SWEEPS = 6  # sweeps that find the parts of all columns for the weights of the sketch
MEASURED_EVERY = 5  # iterations from one look at the tolerance to the next


@dataclass(frozen=True)
class Factors:
    """Weights (n, rank), parts (rank, p), iterations made, Frobenius norm of what is left of the matrix."""

    weights: np.ndarray
    parts: np.ndarray
    iterations: int
    error: float


def factorize(X: np.ndarray, *, rank: int, init: str, max_iter: int, tolerance: float, seed: int | None) -> Factors:
    """Factors of X (n, p), non-negative, float32 or float64, rank at most n and p.

    With few rows and many columns the weights are known from some of the columns. So nearly all iterations go to a
    sketch: columns drawn by `seed`, rows projected on their leading directions. Then all columns get their
    parts, and the last iterations, like the error, are those of X itself. A matrix that is not much wider than the
    sketch would be goes without. Holds, beside X, its parts thrice. Deterministic for a given number of threads.
    Source: `Descent`; projection: Zhou, Cichocki and Xie 2012.
    """
    if X.shape[0] > X.shape[1]:
        turned = factorize(X.T, rank=rank, init=init, max_iter=max_iter, tolerance=tolerance, seed=seed)
        return Factors(turned.parts.T, np.ascontiguousarray(turned.weights.T), turned.iterations, turned.error)
    width = max(SKETCH_COLUMNS * rank, FEWEST_SKETCH_COLUMNS)
    first, done = None, 0
    if 2 * width <= X.shape[1] and max_iter > 1:
        columns = np.sort(check_random_state(seed).permutation(X.shape[1])[:width])
        descent = _begin(X[:, columns], rank=rank, init=init, seed=seed, directions=SKETCH_DIRECTIONS * rank)
        upto, enough = int(SKETCHED * max_iter), SKETCH_TOLERANCE * tolerance
        first, done = _descend(descent, first=None, done=0, upto=upto, tolerance=enough)
        first *= X.shape[1] / width
        descent = _spread(X, weights=descent.weights)
    else:
        descent = _begin(X, rank=rank, init=init, seed=seed, directions=None)
    _, done = _descend(descent, first=first, done=done, upto=max_iter, tolerance=tolerance)
    return Factors(descent.weights, descent.parts, done, float(np.sqrt(max(descent.error, 0))))


def _begin(X: np.ndarray, *, rank: int, init: str, seed: int | None, directions: int | None) -> Descent:
    """A descent from start values, on X or, if that saves at least a third, on its projection on leading directions."""
    gram = gram_of(X)
    projecting = directions is not None and 3 * directions <= 2 * len(X)
    basis = leading_directions(gram, count=directions if projecting else rank, dtype=X.dtype)
    seen = basis.T @ X
    mean = float(X.mean(dtype=np.float64))
    weights, parts = start_values(basis, projected=seen, mean=mean, rank=rank, init=init, seed=seed)
    matrix, basis = (seen, basis) if projecting else (X, None)
    return Descent(matrix, basis=basis, weights=weights, parts=parts, total=float(np.trace(gram)))


def _spread(X: np.ndarray, *, weights: np.ndarray) -> Descent:
    """A descent on X from these weights and the parts that fit them: least squares clipped at zero, then sweeps."""
    gram, total = weights.T @ weights, 0.0
    inverse = np.linalg.pinv(gram.astype(np.float64), hermitian=True).astype(X.dtype)
    parts = np.empty((weights.shape[1], X.shape[1]), dtype=X.dtype)
    for start in range(0, X.shape[1], COLUMNS_AT_ONCE):
        part = slice(start, start + COLUMNS_AT_ONCE)
        target = weights.T @ X[:, part]
        cells = np.maximum(inverse @ target, 0)
        sweep(cells, gram=gram, target=target, times=SPREAD_SWEEPS, measured=False)
        parts[:, part] = cells
        total += float(np.square(X[:, part]).sum(dtype=np.float64))
    return Descent(X, basis=None, weights=weights, parts=parts, total=total)


def _descend(
    descent: Descent, *, first: float | None, done: int, upto: int, tolerance: float
) -> tuple[float | None, int]:
    """Steps until `upto` are done or one moves at most `tolerance` of the first; that first move, and the count."""
    while done < upto:
        measured = done % MEASURED_EVERY == 0
        moved = descent.step(measured=measured)
        done += 1
        first = moved if first is None else first
        if measured and moved <= tolerance * first:
            break
    return first, done
