"""Parts of a frozen model: the files of one folder, each with size and SHA-256, so that changes are found."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ichdag.jobs import atomic_write

FILE_NAME = re.compile(r"[a-z][a-z0-9_]*\.(json|safetensors|skops|yaml)")
CARD = "card.json"
SHOWN_DIGITS = 12  # of a digest, in messages


@dataclass(frozen=True)
class Part:
    """A file of the folder, its size in bytes and its SHA-256 in hexadecimal digits."""

    file: str
    bytes: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.bytes} bytes, sha256 {self.sha256[:SHOWN_DIGITS]}"


def copy_part(source: str | Path, target: Path) -> Part:
    """Copy a file as a whole to disk; return name, size and SHA-256 that the copy must have."""
    part = read_part(source)
    with atomic_write(target) as partial:
        shutil.copyfile(source, partial)
        with open(partial, "rb+") as stream:
            os.fsync(stream.fileno())
    return replace(part, file=target.name)


def read_part(path: str | Path) -> Part:
    """Return name, size and SHA-256 of a file."""
    with open(path, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return Part(Path(path).name, stream.tell(), digest)


def differences(folder: Path, parts: Iterable[Part]) -> list[str]:
    """Describe each part that is missing or changed in the folder, and each file that is not a part of the model."""
    parts = list(parts)
    lines = []
    for part in parts:
        path = folder / part.file
        if not path.is_file():
            lines.append(f"{part.file} is missing (frozen: {part})")
        elif (current := read_part(path)) != part:
            lines.append(f"{part.file} has {current} (frozen: {part})")
    unexpected = {path.name for path in files_of(folder)} - {part.file for part in parts}
    return lines + [f"{name} is no part of it" for name in sorted(unexpected)]


def files_of(folder: Path) -> list[Path]:
    """List the files of a folder that have a name of a part, without the card. A README is not among them."""
    return sorted(path for path in folder.glob("*") if FILE_NAME.fullmatch(path.name) and path.name != CARD)
