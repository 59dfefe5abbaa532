"""Tell apart why a file cannot be read: because of the machine, of a damaged result, or of a participant's data.

Only the content of a readable file counts as data (`jobs.DataFault`) and leaves a participant out. A fault of the
machine makes the job fail, and it can be run again; a damaged result is named, with what to do about it.
"""

import errno
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ichdag.jobs import DataFault, StudyError

MACHINE_ERRORS = (FileNotFoundError, PermissionError, ConnectionError, TimeoutError, NotADirectoryError)
CONTENT_ERRNOS = (None, 0, errno.EINVAL)  # EINVAL: a place within a file that cannot be, as damaged content asks for
OUT_OF_MEMORY = re.compile(r"(allocate|out of|not enough) memory|memory (exhausted|allocation)|bad[_ ]?alloc", re.I)
LOGGER = logging.getLogger("ichdag")
# The result that shows that a model of the ledger was trained, by stage: to train a model anew, delete both.
TRAINING_MARKERS = {"segmentation": "results/segmentation/networks.json", "latent": "results/latent/development.tsv"}
ERROR_NUMBER = re.compile(r"\berrno[ =]+(\d+)", re.I)  # as HDF5 and Arrow write it in their messages


class MachineFault(OSError):
    """A fault of the machine, not of data: a full disk, a lost file, want of memory, a program that was killed.

    The job fails and can be done again; nobody is left out of the study for it.
    """


class DamagedResult(StudyError):
    """A result that cannot be read, or lacks what it held when it was written."""

    def __init__(self, path: str | Path, reason: object):
        cure = "Delete it and run again: it will be made anew"
        parts = Path(path).parts
        if parts[-2:-1] == ("ledger",):
            cure = "Restore it from a backup: the ledger holds what no run can make again"
        elif parts[-4:-3] == ("ledger",):  # ledger/{stage}/{model}/{file}
            both = " and ".join(["the folder", *filter(None, [TRAINING_MARKERS.get(parts[-3])])])
            cure = f"Restore its folder from a backup, or delete {both} and run again: it is trained anew"
        super().__init__(f"{path} cannot be read: it was cut short or altered ({reason}). {cure}")


class RecordDict(dict[str, Any]):
    """Content of a record by key. A key that is missing raises DamagedResult, which names the file."""

    def __init__(self, items: Iterable[tuple[str, Any]] = (), *, path: str | Path | None = None):
        super().__init__(items)
        self.path = path

    def __missing__(self, name: str) -> Any:
        if self.path is None:  # a copy
            raise KeyError(name)
        raise DamagedResult(self.path, f"it lacks {name}")


def find_machine_fault(error: BaseException | None) -> BaseException | None:
    """Return the fault of the machine that an error is or stems from; None where there is none.

    Only the content of a file that can be read is data. What libraries raise at damaged content has no error number:
    a wrong magic number, a wrong checksum, an end that comes too early.
    """
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        if _is_of_machine(error):
            return error
        seen.append(error)
        error = error.__cause__ or error.__context__
    return None


def _is_of_machine(error: BaseException) -> bool:
    if isinstance(error, (MachineFault, MemoryError, *MACHINE_ERRORS)):
        return True
    if isinstance(error, OSError):
        match = ERROR_NUMBER.search(str(error))
        number = int(match[1]) if match and error.errno is None else error.errno
        return number not in CONTENT_ERRNOS
    return isinstance(error, RuntimeError) and bool(OUT_OF_MEMORY.search(str(error)))


def raise_machine_fault(error: BaseException, *paths: str | Path) -> None:
    """Raise the fault of the machine that an error stems from, before the error is taken for a fault of data.

    Some libraries do not keep the cause of an error, so each file must also be readable to its end.
    """
    fault = find_machine_fault(error)
    if fault is not None:
        raise fault
    for path in paths:
        read_to_end(path)


def read_to_end(path: str | Path) -> None:
    """Read a file to its end. Raises OSError where the machine cannot."""
    with open(path, "rb") as stream:
        while stream.read(2**20):
            pass


def check_free_space(folder: str | Path, size: int) -> None:
    """Write `size` bytes into a folder and remove them. Raises OSError where there is no room for them."""
    probe = Path(folder, "room")
    try:
        with open(probe, "wb") as stream:
            for _ in range(0, size, 2**20):
                stream.write(bytes(2**20))
            stream.flush()
            os.fsync(stream.fileno())
    finally:
        probe.unlink(missing_ok=True)


@contextmanager
def damaged_result_on_error(path: str | Path) -> Iterator[None]:
    """Raise DamagedResult for whatever goes wrong in the block with the content of a result.

    Faults of the machine are OSError, and name the file.
    """
    try:
        yield
    except (StudyError, DataFault, ImportError):
        raise
    except Exception as error:
        try:
            raise_machine_fault(error, path)
        except Exception as fault:
            if str(path) in str(fault):
                raise
            raise MachineFault(f"{path}: {type(fault).__name__} {fault}".strip()) from fault
        raise DamagedResult(path, f"{type(error).__name__}: {error}") from error


def read_or_none(read: Callable[[Any], Any], path: str | Path, *, damaged: tuple[type[Exception], ...]) -> Any | None:
    """Return what `read` makes of a file; None, and a warning, if it raises one of `damaged` for what is in the file.

    Faults of the machine are raised: what is on a disk that is away for a moment is not lost.
    """
    try:
        return read(path)
    except damaged as error:
        raise_machine_fault(error, path)
        LOGGER.warning("%s cannot be read: %s", path, error)
        return None
