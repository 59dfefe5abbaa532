"""The parts of a frozen model: files of one folder, each with size and digest, written whole, known if changed."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ichdag.jobs import whole_file

NAME = re.compile(r"[a-z][a-z0-9_]*\.(json|safetensors|skops|yaml)")
CARD = "card.json"
DIGITS = 12  # of a digest, in messages


@dataclass(frozen=True)
class Part:
    """A file of the folder, its size in bytes and its SHA-256 in hexadecimal digits."""

    file: str
    bytes: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.bytes} bytes, sha256 {self.sha256[:DIGITS]}"


def copy_part(source: str | Path, target: Path) -> Part:
    """Copy a file; the copy takes its name once it is on disk. Returns what the copy must be."""
    part = read_part(source)
    with whole_file(target) as partial:
        shutil.copyfile(source, partial)
        with open(partial, "rb+") as stream:
            os.fsync(stream.fileno())
    return replace(part, file=target.name)


def read_part(path: str | Path) -> Part:
    """What a file is now."""
    with open(path, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return Part(Path(path).name, stream.tell(), digest)


def differences(folder: Path, parts: Iterable[Part]) -> list[str]:
    """Each part that is not in the folder as it should be, and each file there that looks like a part and is none."""
    parts = list(parts)
    lines = []
    for part in parts:
        path = folder / part.file
        if not path.is_file():
            lines.append(f"{part.file} is missing (frozen: {part})")
        elif (found := read_part(path)) != part:
            lines.append(f"{part.file} has {found} (frozen: {part})")
    strangers = {path.name for path in files_of(folder)} - {part.file for part in parts}
    return lines + [f"{name} is no part of it" for name in sorted(strangers)]


def files_of(folder: Path) -> list[Path]:
    """The files of a folder that are named as parts are, the card apart. A README beside them is none."""
    return sorted(path for path in folder.glob("*") if NAME.fullmatch(path.name) and path.name != CARD)
