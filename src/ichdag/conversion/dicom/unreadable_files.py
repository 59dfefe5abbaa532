"""Files beside slices that should be slices and hold none: not copied, not fetched, packed, or not whole."""

import re
import zlib
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

from ichdag.conversion.dicom.streams import BEGINNING, begins_as_dicom

UNFINISHED = re.compile(r"\.(part|partial|filepart|crdownload|opdownload|download|incomplete|aria2|!ut|icloud)$", re.I)
RSYNC = re.compile(r"^\.(.+)\.\w{6}$")  # how it names what it writes
PACKED_NAME = re.compile(r"\.(gz|bz2|xz|zst|lz4|z)$", re.I)
POINTER = re.compile(rb"\Aversion https://git-lfs|/annex/objects/|\.git/annex/")
GZIP = b"\x1f\x8b"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
NUMBERS = re.compile(rf"{UUID}|(?<![0-9a-z])[0-9a-f]{{6,}}(?![0-9a-z])|\d+", re.I)
ALIKE = 3  # files of one size are no chance


def unread(slices: Collection[Path], others: Iterable[Path]) -> Counter[str]:
    """How many files that are no DICOM should be slices, by what they are.

    In a folder of slices what is empty or unfinished is one of them, whatever its name; and so is what is named as they
    are, but for numbers, or as large, whatever it holds. Hidden files are left alone: macOS writes one beside each.
    """
    folders, names = {file.parent for file in slices}, {shape(file) for file in slices}
    sizes = Counter(file.stat().st_size for file in slices)
    found: Counter[str] = Counter()
    for file in others:
        named = shape(file) in names and bool(NUMBERS.search(file.name))
        kind = _kind(file, names) if named or file.parent in folders else ""
        if not kind and not _hidden(file) and (named or sizes[file.stat().st_size] >= ALIKE):
            kind = "not DICOM, but named or as large as the slices"
        found[kind] += 1
    del found[""]
    return found


def shape(file: Path) -> str:
    """A path without its numbers, hexadecimal ones and UUIDs among them."""
    return NUMBERS.sub("#", str(file))


def is_unfinished(name: str) -> bool:
    """Whether a program that copies or loads a file names it so until it is whole."""
    return bool(UNFINISHED.search(name))


def _hidden(file: Path) -> bool:
    return file.name.startswith(".")


def _kind(file: Path, names: set[str]) -> str:
    """What is wrong with a file that may be a slice; "" if it is something else."""
    original = RSYNC.sub(r"\1", file.name) if _hidden(file) else re.sub(r"\.te?mp$", "", file.name, flags=re.I)
    if is_unfinished(file.name) or (original != file.name and shape(file.with_name(original)) in names):
        return "unfinished copies"
    if PACKED_NAME.search(file.name) and shape(file.with_suffix("")) in names:
        return "packed one by one"
    if _hidden(file):
        return ""
    with open(file, "rb") as stream:
        head = stream.read(1024)
        if not head.strip(b"\0"):
            more = any(chunk.strip(b"\0") for chunk in iter(lambda: stream.read(2**20), b""))
            return "" if more else "all zeros" if head else "empty"
    if POINTER.search(head):
        return "data not fetched"
    return "packed one by one" if head.startswith(GZIP) and _packs_dicom(head) else ""


def _packs_dicom(head: bytes) -> bool:
    try:
        return bool(begins_as_dicom(zlib.decompressobj(31).decompress(head, BEGINNING)))
    except zlib.error:
        return False
