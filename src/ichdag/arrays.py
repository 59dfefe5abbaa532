"""Arrays between jobs: the grids of one participant (npz) and stores of many participants (HDF5, a row each)."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ichdag.file_errors import DamagedResult, RecordDict, damaged_result_on_error
from ichdag.jobs import atomic_write


def write_arrays(path: str | Path, **arrays: np.ndarray) -> None:
    """Write named arrays to one compressed npz file, whole."""
    with atomic_write(path) as partial, open(partial, "wb") as stream:
        np.savez_compressed(stream, **arrays)


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Read all named arrays of one npz file; nothing in it is unpickled. Raises DamagedResult if it is not whole."""
    with damaged_result_on_error(path), np.load(path, allow_pickle=False) as archive:
        return RecordDict([(name, archive[name]) for name in archive.files], path=path)


def write_store(path: str | Path, items: Iterable[tuple[str, np.ndarray]]) -> None:
    """Write (name, array) pairs to one HDF5 file as they come, one in memory at a time. A name may have slashes."""
    import h5py

    with atomic_write(path) as partial, h5py.File(partial, "w") as store:
        for name, array in items:
            store.create_dataset(name, data=array, compression="lzf", shuffle=True, fletcher32=True)


def read_store(path: str | Path) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the (name, array) pairs of one HDF5 file, by name, one in memory at a time.

    Raises DamagedResult if the file is not whole.
    """
    import h5py

    with damaged_result_on_error(path), h5py.File(path, "r") as store:
        names: list[str] = []
        store.visititems(lambda name, node: names.append(name) if isinstance(node, h5py.Dataset) else None)
        for name in sorted(names):
            yield name, store[name][()]


def read_item(path: str | Path, name: str) -> np.ndarray | None:
    """Read one array of a store, or of the store that this one links to; None where there is none of that name.

    Raises DamagedResult, naming the one of both, if a store is not whole.
    """
    import h5py

    with damaged_result_on_error(path), h5py.File(path, "r") as store:
        link = store.get(name.partition("/")[0], getlink=True)
        if not isinstance(link, h5py.ExternalLink):
            return store[name][()] if name in store else None
    linked = Path(path).parent / link.filename
    with damaged_result_on_error(linked), h5py.File(linked, "r") as store:
        if link.path not in store:
            raise DamagedResult(linked, f"it lacks {link.path}, which {path} links to")
        return store[name][()] if name in store else None


def file_digest(path: str | Path) -> np.ndarray:
    """SHA-256 of a file as an array (32,) uint8, to be kept in a store beside what was made from the file."""
    with open(path, "rb") as stream:
        return np.frombuffer(hashlib.file_digest(stream, "sha256").digest(), dtype=np.uint8)


def link_stores(path: str | Path, sources: Iterable[str | Path]) -> None:
    """Write one HDF5 file in which the top groups of others (participants) are found as if they were its own.

    Nothing is copied: each group is a link to its file, relative to this one, so that a study can be moved as a whole.
    A digest of each file stands beside the links: this file is another one whenever what it leads to is.
    """
    import h5py

    folder = Path(path).parent
    with atomic_write(path) as partial, h5py.File(partial, "w") as store:
        for source in sources:
            with damaged_result_on_error(source), h5py.File(source, "r") as part:
                names = list(part)
            place = os.path.relpath(source, folder)
            store.attrs[place] = file_digest(source).tobytes().hex()
            for name in names:
                store[name] = h5py.ExternalLink(place, f"/{name}")
