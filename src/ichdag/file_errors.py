"""Whose fault it is when something cannot be read: the machine's, a result's, or that of a participant's data.

Only the content of a file that can be read is data (`jobs.DataFault`) and leaves a participant out. A fault of the
machine fails the job, to be done again; a result that is not whole is named, with the cure.
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

NAMED_FAULTS = (FileNotFoundError, PermissionError, ConnectionError, TimeoutError, NotADirectoryError)
OF_CONTENT = (None, 0, errno.EINVAL)  # EINVAL: a place within a file that cannot be, as damaged content asks for
WANT_OF_MEMORY = re.compile(r"(allocate|out of|not enough) memory|memory (exhausted|allocation)|bad[_ ]?alloc", re.I)
LOGGER = logging.getLogger("ichdag")
# What shows that a model of the ledger was trained, by stage: who deletes a model on purpose deletes it as well.
TRAINING_MARKERS = {"segmentation": "results/segmentation/networks.json", "latent": "results/latent/development.tsv"}
ERROR_NUMBER = re.compile(r"\berrno[ =]+(\d+)", re.I)  # how HDF5 and Arrow tell it


class MachineFault(OSError):
    """A fault of the machine, not of data: a full disk, a lost file, want of memory, a program that was killed.

    The job fails and can be done again; nobody is left out of the study for it.
    """


class DamagedResult(StudyError):
    """A result that cannot be read, or lacks what it held when it was written."""

    def __init__(self, path: str | Path, found: object):
        cure, parts = "Delete it and run again: it will be made anew", Path(path).parts
        if parts[-2:-1] == ("ledger",):
            cure = "Restore it from a backup: the ledger holds what no run can make again"
        elif parts[-4:-3] == ("ledger",):  # ledger/{stage}/{model}/{file}
            both = " and ".join(["the folder", *filter(None, [TRAINING_MARKERS.get(parts[-3])])])
            cure = f"Restore its folder from a backup, or delete {both} and run again: it is trained anew"
        super().__init__(f"{path} cannot be read: it was cut short or altered ({found}). {cure}")


class RecordDict(dict[str, Any]):
    """What a result holds, by name. Asking for what it lacks raises DamagedResult, which names the result."""

    def __init__(self, items: Iterable[tuple[str, Any]] = (), *, path: str | Path | None = None):
        super().__init__(items)
        self.path = path

    def __missing__(self, name: str) -> Any:
        if self.path is None:  # a copy
            raise KeyError(name)
        raise DamagedResult(self.path, f"it lacks {name}")


def find_machine_fault(error: BaseException | None) -> BaseException | None:
    """The fault of the machine that an error is or stems from; None where there is none.

    Only the content of a file that can be read is data. What libraries raise at damaged content has no error number:
    a wrong magic, a checksum that is wrong, an end that comes too early.
    """
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        if _is_of_machine(error):
            return error
        seen.append(error)
        error = error.__cause__ or error.__context__
    return None


def _is_of_machine(error: BaseException) -> bool:
    if isinstance(error, (MachineFault, MemoryError, *NAMED_FAULTS)):
        return True
    if isinstance(error, OSError):
        told = ERROR_NUMBER.search(str(error))
        number = int(told[1]) if told and error.errno is None else error.errno
        return number not in OF_CONTENT
    return isinstance(error, RuntimeError) and bool(WANT_OF_MEMORY.search(str(error)))


def raise_machine_fault(error: BaseException, *paths: str | Path) -> None:
    """Raise the fault of the machine that an error stems from, before the error is taken for a fault of data.

    Libraries that keep silent about the cause have none to look for: so each file must be readable to its end.
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
    """Write so many bytes into a folder and remove them. Raises OSError where there is no room for them."""
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
    """What `read` makes of a file; None, and a warning, if it raises one of `damaged` for what is in the file.

    Faults of the machine are raised: what is on a disk that is away for a moment is not lost.
    """
    try:
        return read(path)
    except damaged as error:
        raise_machine_fault(error, path)
        LOGGER.warning("%s cannot be read: %s", path, error)
        return None
