"""What every job shares: its log, its faults, its files written whole or not at all."""

import atexit
import errno
import faulthandler
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ichdag.machine import host_name, package_versions

FORMAT = "%(asctime)s %(levelname)s %(message)s"
TEMPORARY = "temporary"  # the study's folder for what no job needs once it has ended


class DataFault(Exception):
    """A fault of one participant's data: the participant is left out, with stage and reason, and the cohort goes on."""

    def __init__(self, stage: str, reason: str):
        super().__init__(f"{stage}: {reason}")
        self.stage = stage
        self.reason = reason


class StudyError(Exception):
    """A fault of the study's set-up (configuration, cohort, model folder) that no job can work around."""


def start_job_log(job: Any) -> logging.Logger:
    """Log to the rule's own log file and to standard error, crashes included; return the job's logger.

    `job` is Snakemake's script object; its rule and wildcards (the participant's id among them) head the log, then the
    host and the versions of packages, which `provenance.journal` reads there. Nothing here may change a result: the
    digests of code leave it out.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if job.log:
        Path(job.log[0]).parent.mkdir(parents=True, exist_ok=True)
        log_file = logging.FileHandler(job.log[0], mode="w", encoding="utf-8")
        handlers.append(log_file)
        if log_file.stream is not None:  # it is only None for handlers that open their file later
            faulthandler.enable(log_file.stream)
    logging.basicConfig(level=logging.WARNING, format=FORMAT, handlers=handlers, force=True)
    logger = logging.getLogger("ichdag")
    logger.setLevel(logging.INFO)
    name = " ".join([job.rule, *(f"{key}={value}" for key, value in job.wildcards.items())])
    sys.excepthook = lambda *error: _log_failure(logger, name, *error)
    logger.info("%s", name)
    packages = ", ".join(f"{package} {version}" for package, version in package_versions().items())
    logger.info("on %s with %s", host_name(), packages)
    return logger


def _log_failure(logger: logging.Logger, name: str, kind: Any, error: Any, trace: Any) -> None:
    """Log why a job failed: a fault of the study by its message alone, any other with its traceback."""
    if isinstance(error, StudyError):
        logger.critical("%s failed: %s", name, error)
    else:
        logger.critical("%s failed", name, exc_info=(kind, error, trace))


def files_under(named: Any, prefix: str) -> dict[str, str]:
    """Return those of a job's inputs or outputs whose names begin with `prefix`, by the rest of their names."""
    return {name.removeprefix(prefix): path for name, path in named.items() if name.startswith(prefix)}


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Give a temporary path (same suffixes) that is renamed to `path` only if the block ends without error.

    Its content is on the disk by then, so that a machine that goes down leaves the whole file or none.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
    mode = _mode_of_new_files(partial)
    try:
        yield partial
        partial.chmod(mode)  # some writers let only the owner read their files
        _sync(partial)
        os.replace(partial, path)
        _UNSYNCED_FOLDERS.add(path.parent.absolute())
    finally:
        partial.unlink(missing_ok=True)


_UNSYNCED_FOLDERS: set[Path] = set()  # folders in which this process gave files their names


def _mode_of_new_files(path: Path) -> int:
    """Return the permissions that a new file gets at `path`, which is free again afterwards.

    The umask of a process can only be read by changing it, for all threads; a new file shows what it leaves.
    """
    path.touch()
    mode = path.stat().st_mode & 0o777
    path.unlink()
    return mode


@atexit.register
def sync_folders() -> None:
    """Bring the names of all files written so far to the disk.

    Done once at the end of a job, for each folder takes as long as a file.
    """
    while _UNSYNCED_FOLDERS:
        with suppress(OSError):  # not every file system can, and a name that is lost is a result to be made again
            _sync(_UNSYNCED_FOLDERS.pop())


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk. Raises OSError if they cannot be (a full disk)."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that keeps nothing
            raise
    finally:
        os.close(descriptor)


@contextmanager
def temporary_folder(path: str | Path) -> Iterator[Path]:
    """Give an empty folder within `path` that is gone after the block; what a killed job left in `path` goes first.

    It is named after host and process, so that `remove_leftover_folders` knows whose it is.
    """
    shutil.rmtree(path, ignore_errors=True)
    own = Path(path, f"{host_name()}-{os.getpid()}")
    own.mkdir(parents=True, exist_ok=True)
    try:
        yield own
    finally:
        _remove(own)


def remove_leftover_folders(study: str | Path = ".") -> None:
    """Remove from a study what killed jobs of this host left in folders of their own: originals, unpacked.

    Folders of other hosts stay, for nobody here knows whether their jobs go on (`workflow/cluster/recover.sh` does).
    """
    for own in Path(study, TEMPORARY).glob("*/*/*-*"):
        name, _, process = own.name.rpartition("-")
        if name == host_name() and process.isdigit() and not _is_alive(int(process)):
            _remove(own)


def _remove(own: Path) -> None:
    """Remove a job's own folder, and the one above it if no other job has one there."""
    shutil.rmtree(own, ignore_errors=True)
    with suppress(OSError):
        own.parent.rmdir()


def _is_alive(process: int) -> bool:
    with suppress(PermissionError):  # somebody else's, so it is
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True


def write_text(text: str, path: str | Path) -> None:
    """Write a text file, whole."""
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")
