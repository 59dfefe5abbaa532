"""What a participant's originals are by name, size and date: whatever is exchanged, added or lost is noticed."""

import errno
import hashlib
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from ichdag.conversion.nrrd_header import data_files


def fingerprint(files: Mapping[str, str | None], *, largest_files: int) -> str:
    """Digest of a participant's originals, given by column of the sheet, from names, sizes and dates.

    A folder counts with all files in it and below, a DICOMDIR with those of its folder, a NRRD header with the data
    files that it names. Of content no more is read than such headers: plans of many thousand participants ask for this.
    Dates count to the second, for not every file system and archive keeps more. Of a folder of more than
    `largest_files` files no more are looked at: its conversion refuses it. What cannot be looked at counts as that, so
    that the participant's job fails, and is done again, and no other.
    """
    digest = hashlib.sha256()
    for column, path in files.items():
        digest.update(f"{column} {_of(path, largest_files) if path else 'none'}\n".encode())
    return digest.hexdigest()[:16]


@cache
def _of(path: str, largest_files: int) -> str:
    """Names, sizes and dates at one path; a folder that several participants share is walked once."""
    place = Path(path)
    try:
        if place.is_dir():
            return _folder(path, largest_files)
        if place.name.upper() == "DICOMDIR":
            return _folder(str(place.parent), largest_files)
        apart = data_files(place) if place.suffix.lower() in (".nrrd", ".nhdr") else ()
        return " ".join(_stated(str(one)) for one in [place, *apart])
    except OSError as error:
        return _trouble(error)


def _folder(path: str, largest_files: int) -> str:
    lines = []
    for name, told in _walk(path, set()):
        lines.append(f"{os.path.relpath(name, path)} {told}")
        if len(lines) > largest_files:
            break
    return hashlib.sha256("\n".join(sorted(lines)).encode(errors="surrogateescape")).hexdigest()


def _walk(path: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Every file in a folder and below, with what is told of it, and every folder that cannot be listed.

    Each folder once, for links may lead back to one that is in `seen`.
    """
    real = os.path.realpath(path)
    if real in seen:
        return
    seen.add(real)
    try:
        with os.scandir(path) as entries:
            found = sorted(entries, key=lambda one: one.name)
    except OSError as error:
        yield path, _trouble(error)
        return
    for entry in found:
        if _is_folder(entry):
            yield from _walk(entry.path, seen)
        else:
            yield entry.path, _stated(entry.path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # told as the trouble of a file
        return False


def _stated(path: str) -> str:
    """Size and date of a file; a link that leads nowhere has none."""
    try:
        state = os.stat(path)
    except OSError as error:
        return _trouble(error)
    return f"{state.st_size} {int(state.st_mtime)}"


def _trouble(error: OSError) -> str:
    """How a place counts that cannot be looked at; what else the error says may name a patient."""
    if isinstance(error, FileNotFoundError):
        return "missing"
    return f"unreadable {errno.errorcode.get(error.errno or 0, 'for a reason without a name')}"
