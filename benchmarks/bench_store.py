"""The latents of N participants at paper size (294,912 numbers each): written by batches, gathered, read as one matrix.

`make bench-store`, or `python benchmarks/bench_store.py 15000` for other numbers of participants: 1.2 MB of disk each,
twice, in a temporary folder ($TMPDIR). The peer is one array of numpy in a file, written and read whole. Memory is that
of the process; difference is ours over the size of the matrix. Latents are made up (normal), and made again to compare.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from _measure import ROOT, measured, report, tell

sys.path.insert(0, str(ROOT / "src"))

from ichdag.arrays import link_stores, write_store  # noqa: E402
from ichdag.features.blocks import read_block  # noqa: E402

PARTICIPANTS, BATCHES, LATENTS = [866, 1511], 64, 512 * 8**3 + 512 * 4**3


def latents(number: int) -> np.ndarray:
    """Those of one participant, float32, the same at every call."""
    return np.random.default_rng(number).standard_normal(LATENTS, dtype=np.float32)


def write_ours(folder: Path, count: int) -> None:
    """Return a store a batch, one row in memory at a time, and the file of links that leads to all of them."""
    stores = [folder / f"batch-{batch:04d}.h5" for batch in range(BATCHES)]
    for batch, path in enumerate(stores):
        write_store(path, ((f"S{number}/segmentation", latents(number)) for number in range(batch, count, BATCHES)))
    link_stores(folder / "development.h5", stores)


def write_peer(folder: Path, count: int) -> None:
    """One array, held whole."""
    matrix = np.empty((count, LATENTS), dtype=np.float32)
    for number in range(count):
        matrix[number] = latents(number)
    np.save(folder / "latents.npy", matrix)


def read_ours(folder: Path, count: int) -> float:
    """Return the matrix as the feature stage reads it; its last number."""
    subjects = [f"S{number}" for number in range(count)]
    return float(read_block(folder / "development.h5", name="segmentation", subjects=subjects).values[-1, -1])


def read_peer(folder: Path, count: int) -> float:
    """Return the array, read whole; its last number."""
    return float(np.load(folder / "latents.npy")[count - 1, -1])


def rows(counts: list[int]) -> Iterator[dict[str, Any]]:
    """Two rows a number of participants: writing and reading."""
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            for verb in ("write", "read"):
                ours, peer = (measured(__file__, f"{verb}_{who}", folder, str(count)) for who in ("ours", "peer"))
                if ours["result"] != peer["result"]:
                    sys.exit(f"other numbers were read than written: {ours['result']} and {peer['result']}")
                yield {
                    "case": f"{verb} {count} x {LATENTS}",
                    **{"ours_s": ours["seconds"], "peer_s": peer["seconds"]},
                    **{"ours_mib": ours["mib"], "peer_mib": peer["mib"]},
                    "difference": ours["mib"] / (count * LATENTS * 4 / 2**20),
                }


if __name__ == "__main__":
    if sys.argv[1:2] and not sys.argv[1].isdigit():
        verb, folder, count = sys.argv[1:]
        report(lambda: globals()[verb](Path(folder), int(count)))
    else:
        tell("store", rows([int(count) for count in sys.argv[1:]] or PARTICIPANTS))
