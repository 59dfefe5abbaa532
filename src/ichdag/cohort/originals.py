"""What a participant's originals are by name, size and date: whatever is exchanged, added or lost is noticed."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

PAIRED = {".hdr": (".img", ".img.gz"), ".img": (".hdr",)}  # ANALYZE and NIfTI pairs
NRRD_DATA = re.compile(r"^data ?file: *(?P<names>.*(?:\n(?!\n).*)*)", re.M)  # a name, or LIST and a name a line


def fingerprint(files: Mapping[str, str | None], *, largest_files: int) -> str:
    """Digest of a participant's originals, given by column of the sheet, from names, sizes and dates.

    A folder counts with all files in it and below, a DICOMDIR with those of its folder, a header with the data file
    that lies apart. No content is read: plans of many thousand participants ask for this. Dates count to the second,
    for not every file system and archive keeps more. Of a folder of more than `largest_files` files no more are looked
    at: its conversion refuses it.
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
        return " ".join(_stated(str(one)) for one in [place, *_apart(place)])
    except FileNotFoundError:
        return "missing"


def _apart(header: Path) -> list[Path]:
    """The files beside a header that hold its data."""
    if header.suffix.lower() != ".nhdr":
        pair = [header.with_suffix(suffix) for suffix in PAIRED.get(header.suffix.lower(), ())]
        return [path for path in pair if path.is_file()]
    text = header.read_bytes()[:1_000_000].decode("latin-1").replace("\r\n", "\n")
    told = NRRD_DATA.search(text)
    words = told["names"].splitlines() if told else []
    named = [header.parent / word.strip() for word in words if word.strip() and "LIST" not in word]
    if any("%" in word for word in words):  # a pattern of numbered files
        named += sorted(header.parent.iterdir())
    return [path for path in named if path.is_file()]


def _folder(path: str, largest_files: int) -> str:
    lines = []
    for name in _walk(path, set()):
        lines.append(f"{os.path.relpath(name, path)} {_stated(name)}")
        if len(lines) > largest_files:
            break
    return hashlib.sha256("\n".join(sorted(lines)).encode(errors="surrogateescape")).hexdigest()


def _walk(path: str, seen: set[str]) -> Iterator[str]:
    """Every file in a folder and below; each folder once, for links may lead back to one that is in `seen`."""
    real = os.path.realpath(path)
    if real in seen:
        return
    seen.add(real)
    with os.scandir(path) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.is_dir():
                yield from _walk(entry.path, seen)
            else:
                yield entry.path


def _stated(path: str) -> str:
    """Size and date of a file; a link that leads nowhere has none."""
    try:
        state = os.stat(path)
    except FileNotFoundError:
        return "missing"
    return f"{state.st_size} {int(state.st_mtime)}"
