"""Non-negative matrix factorization of latents: scikit-learn's NMF against ichdag's, to the same stop.

`make bench-nmf`, or `python benchmarks/bench_nmf.py NARROW [WIDE]` with the largest number of iterations of each of the
two matrices, 0 to leave one out; on the wide one scikit-learn takes more than ten minutes for 200. Both: rank 128,
nndsvda, tolerance 1e-4, float32, one thread, `fit_transform`, a process each. Seconds are processor time without import
or making of the matrix, MiB the peak of the process with the matrix in it; difference is (ours - peer) / peer of
the reconstruction error: below zero, ours fits better.
"""

import sys
import warnings

import numpy as np
from _measure import ROOT, measured, report, tell
from sklearn.base import BaseEstimator

sys.path.insert(0, str(ROOT / "src"))

from ichdag.features.nmf import NMF  # noqa: E402

PATIENTS, CHANNELS, FACTORS, NOISE = 866, 512, 200, 0.3
CASES = {"narrow": [4], "wide": [8, 4]}  # edges of the bottlenecks that are put side by side
SETTINGS = {"init": "nndsvda", "tol": 1e-4, "random_state": 0}
RANK, ITERATIONS = 128, 200


def latents(edges: list[int]) -> np.ndarray:
    """Latents (PATIENTS, p), float32, each column scaled to [0, 1]: 512 channels on a grid of every edge in `edges`.

    Like the bottleneck of a network: 200 factors a patient, the k-th of size k^-0.5, act on each channel through a map
    that is smooth in space; a channel has an offset; three tenths of its spread are noise; leaky ReLU of slope 0.01.
    The singular values fall smoothly and without a gap: the best 128 directions leave 37 percent of the norm.
    """
    random = np.random.default_rng(0)
    scores = random.standard_normal((PATIENTS, FACTORS)) * np.arange(1, FACTORS + 1) ** -0.5
    matrix = np.empty((PATIENTS, CHANNELS * sum(edge**3 for edge in edges)), dtype=np.float32)
    place = 0
    for edge in np.repeat(edges, CHANNELS):
        cells = scores.astype(np.float32) @ smooth_maps(random, edge)
        noise = NOISE * random.standard_normal(cells.shape, dtype=np.float32)
        cells += cells.std() * (random.normal() + noise)
        cells = np.where(cells > 0, cells, np.float32(0.01) * cells)
        low, high = cells.min(axis=0), cells.max(axis=0)
        matrix[:, place : place + edge**3] = (cells - low) / (high - low)
        place += edge**3
    return matrix


def smooth_maps(random: np.random.Generator, edge: int) -> np.ndarray:
    """One map (edge^3) a factor, white noise averaged over neighbors along the three axes."""
    maps = random.standard_normal((FACTORS, edge, edge, edge), dtype=np.float32)
    for axis in (1, 2, 3):
        maps = (maps + np.roll(maps, 1, axis) + np.roll(maps, -1, axis)) / np.float32(3**0.5)
    return maps.reshape(FACTORS, -1)


def ours(matrix: np.ndarray, iterations: int) -> dict[str, float]:
    """Compute what the workflow computes."""
    return fitted(NMF(RANK, max_iter=iterations, **SETTINGS), matrix)


def peer(matrix: np.ndarray, iterations: int) -> dict[str, float]:
    """Compute what scikit-learn computes by itself."""
    from sklearn.decomposition import NMF as Peer

    return fitted(Peer(RANK, solver="cd", max_iter=iterations, **SETTINGS), matrix)


def fitted(model: BaseEstimator, matrix: np.ndarray) -> dict[str, float]:
    """Weights of all rows, thrown away; error and iterations."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit_transform(matrix)
    return {"error": float(model.reconstruction_err_), "iterations": int(model.n_iter_)}


def rows(limits: dict[str, int]):
    """One row a matrix."""
    for case, iterations in limits.items():
        mine, stock = (measured(__file__, who, case, iterations) for who in ("ours", "peer"))
        a, b = mine["result"], stock["result"]
        columns = CHANNELS * sum(edge**3 for edge in CASES[case])
        counts = f"{a['iterations']} and {b['iterations']} iterations"
        yield {
            "case": f"{PATIENTS} x {columns}, {PATIENTS * columns / 2**18:.0f} MiB, {counts}",
            "ours_s": mine["seconds"],
            "peer_s": stock["seconds"],
            "ours_mib": mine["mib"],
            "peer_mib": stock["mib"],
            "difference": a["error"] / b["error"] - 1,
        }


if __name__ == "__main__":
    if len(sys.argv) > 3:
        work, data = {"ours": ours, "peer": peer}[sys.argv[1]], latents(CASES[sys.argv[2]])
        report(lambda: work(data, int(sys.argv[3])))
    else:
        asked = [int(number) for number in sys.argv[1:]] or [ITERATIONS, ITERATIONS]
        tell("nmf", rows({case: number for case, number in zip(CASES, asked, strict=False) if number}))
