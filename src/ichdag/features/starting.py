"""Where the factorization starts: the leading directions of the matrix, and scikit-learn's start values from them."""

import numpy as np

COLUMNS_AT_ONCE = 1024  # a slice of this many columns stays in the cache
SMALLEST = 1e-6  # below this scikit-learn's start values are zero


def gram_of(matrix: np.ndarray) -> np.ndarray:
    """Products (n, n) of the rows of `matrix` (n, p), in double precision."""
    gram = np.zeros((len(matrix), len(matrix)))
    for start in range(0, matrix.shape[1], COLUMNS_AT_ONCE):
        cells = matrix[:, start : start + COLUMNS_AT_ONCE].astype(np.float64)
        gram += cells @ cells.T
    return gram


def leading_directions(gram: np.ndarray, *, count: int, dtype: np.dtype) -> np.ndarray:
    """The `count` leading left singular vectors (n, count) of the matrix whose row products are `gram`.

    A decomposition of (n, n) instead of (n, p): for few rows this costs one product with the matrix, not a dozen.
    """
    _, vectors = np.linalg.eigh(gram)
    return np.ascontiguousarray(vectors[:, ::-1][:, :count], dtype=dtype)


def start_values(
    directions: np.ndarray, *, projected: np.ndarray, mean: float, rank: int, init: str, seed: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Start weights (n, rank) and parts (rank, p) of scikit-learn's name `init`.

    `directions` (n, k) are left singular vectors, `projected` (k, p) the matrix seen along them, k at least `rank`;
    `mean` is that of the matrix. Source: Boutsidis and Gallopoulos 2008; scikit-learn, decomposition/_nmf.py.
    """
    random = np.random.RandomState(seed)
    weights = np.zeros((len(directions), rank), dtype=directions.dtype)
    parts = np.zeros((rank, projected.shape[1]), dtype=directions.dtype)
    if init == "random":
        size = np.sqrt(mean / rank)
        parts[:] = np.abs(size * random.standard_normal(parts.shape))
        weights[:] = np.abs(size * random.standard_normal(weights.shape))
        return weights, parts
    for place in range(rank):
        weights[:, place], parts[place] = _split(directions[:, place], projected[place], whole=place == 0)
    for factor in (weights, parts):
        factor[factor < SMALLEST] = 0
        if init == "nndsvda":
            factor[factor == 0] = mean
        elif init == "nndsvdar":
            empty = factor == 0
            factor[empty] = np.abs(mean * random.standard_normal(np.count_nonzero(empty)) / 100)
    return weights, parts


def _split(left: np.ndarray, right: np.ndarray, *, whole: bool) -> tuple[np.ndarray, np.ndarray]:
    """The heavier of the two non-negative pairs in left x right, its weight shared evenly between both."""
    if whole:
        sides = [(np.abs(left), np.abs(right))]
    else:
        sides = [(np.maximum(sign * left, 0), np.maximum(sign * right, 0)) for sign in (1, -1)]
    sizes = [float(np.linalg.norm(one) * np.linalg.norm(other)) for one, other in sides]
    heavier = int(np.argmax(sizes))
    one, other = sides[heavier]
    if sizes[heavier] == 0:
        return np.zeros_like(left), np.zeros_like(right)
    size = np.sqrt(sizes[heavier])
    return one * (size / np.linalg.norm(one)), other * (size / np.linalg.norm(other))
