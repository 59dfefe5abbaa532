"""Initialize the factorization as scikit-learn does, from the leading singular vectors of the matrix."""

import numpy as np

COLUMNS_AT_ONCE = 1024  # a slice of this many columns stays in the cache
SMALLEST_START_VALUE = 1e-6  # scikit-learn sets smaller values to zero


def gram_of(matrix: np.ndarray) -> np.ndarray:
    """Compute the products (n, n) of the rows of `matrix` (n, p), in double precision."""
    gram = np.zeros((len(matrix), len(matrix)))
    for start in range(0, matrix.shape[1], COLUMNS_AT_ONCE):
        cells = matrix[:, start : start + COLUMNS_AT_ONCE].astype(np.float64)
        gram += cells @ cells.T
    return gram


def leading_singular_vectors(gram: np.ndarray, *, count: int, dtype: np.dtype) -> np.ndarray:
    """Compute the `count` leading left singular vectors (n, count) of the matrix whose row products are `gram`.

    It decomposes (n, n) instead of (n, p): with few rows this costs one product with the matrix, not a dozen.
    """
    _, vectors = np.linalg.eigh(gram)
    return np.ascontiguousarray(vectors[:, ::-1][:, :count], dtype=dtype)


def initialize_factors(
    singular_vectors: np.ndarray, *, projected: np.ndarray, mean: float, rank: int, init: str, seed: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Compute initial weights (n, rank) and components (rank, p) by scikit-learn's method `init`.

    `singular_vectors` (n, k) are the left ones, `projected` (k, p) is the matrix projected on them, k at least `rank`;
    `mean` is that of the matrix. Source: Boutsidis and Gallopoulos 2008; scikit-learn, decomposition/_nmf.py.
    """
    random_state = np.random.RandomState(seed)
    weights = np.zeros((len(singular_vectors), rank), dtype=singular_vectors.dtype)
    components = np.zeros((rank, projected.shape[1]), dtype=singular_vectors.dtype)
    if init == "random":
        size = np.sqrt(mean / rank)
        components[:] = np.abs(size * random_state.standard_normal(components.shape))
        weights[:] = np.abs(size * random_state.standard_normal(weights.shape))
        return weights, components
    for index in range(rank):
        weights[:, index], components[index] = _dominant_pair(
            singular_vectors[:, index], projected[index], is_first=index == 0
        )
    for factor in (weights, components):
        factor[factor < SMALLEST_START_VALUE] = 0
        if init == "nndsvda":
            factor[factor == 0] = mean
        elif init == "nndsvdar":
            empty = factor == 0
            factor[empty] = np.abs(mean * random_state.standard_normal(np.count_nonzero(empty)) / 100)
    return weights, components


def _dominant_pair(left: np.ndarray, right: np.ndarray, *, is_first: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the larger of the positive and negative parts of left x right, its norm shared evenly by both."""
    if is_first:
        pairs = [(np.abs(left), np.abs(right))]
    else:
        pairs = [(np.maximum(sign * left, 0), np.maximum(sign * right, 0)) for sign in (1, -1)]
    sizes = [float(np.linalg.norm(left_part) * np.linalg.norm(right_part)) for left_part, right_part in pairs]
    dominant = int(np.argmax(sizes))
    left_part, right_part = pairs[dominant]
    if sizes[dominant] == 0:
        return np.zeros_like(left), np.zeros_like(right)
    size = np.sqrt(sizes[dominant])
    return left_part * (size / np.linalg.norm(left_part)), right_part * (size / np.linalg.norm(right_part))
