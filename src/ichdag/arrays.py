"""Arrays between jobs: npz files of one participant, and stores of many participants (HDF5)."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ichdag.file_errors import DamagedResult, RecordDict, damaged_result_on_error
from ichdag.jobs import atomic_write


def write_arrays(path: str | Path, **arrays: np.ndarray) -> None:
    """Write named arrays to one compressed npz file, as a whole; nothing is pickled."""
    with atomic_write(path) as partial, open(partial, "wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)


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
    """Read one array of a store, or of the store that this one links to; None if there is no array of that name.

    Raises DamagedResult, with the path of the damaged store, if one of them is not whole.
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
    """Return the SHA-256 of a file as an array (32,) uint8, to be stored beside what was computed from the file."""
    with open(path, "rb") as stream:
        return np.frombuffer(hashlib.file_digest(stream, "sha256").digest(), dtype=np.uint8)


def link_stores(path: str | Path, sources: Iterable[str | Path]) -> None:
    """Write one HDF5 file with links to the top groups (participants) of other files.

    Nothing is copied. The links are relative to this file, so that a study can be moved as a whole. A digest of each
    linked file is stored too, so that this file changes whenever a linked file changes.
    """
    import h5py

    folder = Path(path).parent
    with atomic_write(path) as partial, h5py.File(partial, "w") as store:
        for source in sources:
            with damaged_result_on_error(source), h5py.File(source, "r") as part:
                names = list(part)
            linked = os.path.relpath(source, folder)
            store.attrs[linked] = file_digest(source).tobytes().hex()
            for name in names:
                store[name] = h5py.ExternalLink(linked, f"/{name}")
