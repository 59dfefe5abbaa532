"""A digest of a participant's originals by name, size and date: it changes if a file is replaced, added or lost."""

import errno
import hashlib
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from ichdag.conversion.nrrd_header import data_files


def fingerprint(files: Mapping[str, str | None], *, max_files: int) -> str:
    """Return the digest (16 hex digits) of a participant's originals, given by column of the sheet.

    A folder counts with all files in it and below, a DICOMDIR with the files of its folder, a NRRD header with the data
    files that it names. No content but such headers is read, for every plan of a study needs the digest of every
    participant. Dates count to the second: not every file system and archive keeps more. In a folder the files beyond
    `max_files` are not read: its conversion refuses it. A file that cannot be read is part of the digest as
    unreadable, so that only the job of this participant fails and is run again.
    """
    digest = hashlib.sha256()
    for column, path in files.items():
        digest.update(f"{column} {_describe_path(path, max_files) if path else 'none'}\n".encode())
    return digest.hexdigest()[:16]


@cache
def _describe_path(path: str, max_files: int) -> str:
    """Return names, sizes and dates at one path; a folder that several participants share is walked once."""
    original = Path(path)
    try:
        if original.is_dir():
            return _digest_folder(path, max_files)
        if original.name.upper() == "DICOMDIR":
            return _digest_folder(str(original.parent), max_files)
        data = data_files(original) if original.suffix.lower() in (".nrrd", ".nhdr") else ()
        return " ".join(_size_and_date(str(file)) for file in [original, *data])
    except OSError as error:
        return _describe_error(error)


def _digest_folder(path: str, max_files: int) -> str:
    lines = []
    for name, state in _walk(path, set()):
        lines.append(f"{os.path.relpath(name, path)} {state}")
        if len(lines) > max_files:
            break
    return hashlib.sha256("\n".join(sorted(lines)).encode(errors="surrogateescape")).hexdigest()


def _walk(path: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Yield every file in a folder and below with its size and date, and every folder that cannot be listed.

    Each folder once: links may lead back to a folder that is in `seen`.
    """
    real = os.path.realpath(path)
    if real in seen:
        return
    seen.add(real)
    try:
        with os.scandir(path) as entries:
            listing = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield path, _describe_error(error)
        return
    for entry in listing:
        if _is_folder(entry):
            yield from _walk(entry.path, seen)
        else:
            yield entry.path, _size_and_date(entry.path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # counts as a file that cannot be read
        return False


def _size_and_date(path: str) -> str:
    """Return size and date of a file; a link that leads nowhere has none."""
    try:
        state = os.stat(path)
    except OSError as error:
        return _describe_error(error)
    return f"{state.st_size} {int(state.st_mtime)}"


def _describe_error(error: OSError) -> str:
    """Return how a file counts that cannot be read; the rest of the error is left out, for it may name a patient."""
    if isinstance(error, FileNotFoundError):
        return "missing"
    return f"unreadable {errno.errorcode.get(error.errno or 0, 'for a reason without a name')}"
