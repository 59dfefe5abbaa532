"""Files that should be slices but are not DICOM: partial downloads, missing data, compressed or incomplete files."""

import re
import zlib
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

from ichdag.conversion.dicom.streams import PREAMBLE_BYTES, detect_dicom

PARTIAL_SUFFIX = re.compile(
    r"\.(part|partial|filepart|crdownload|opdownload|download|incomplete|aria2|!ut|icloud)$", re.I
)
RSYNC_NAME = re.compile(r"^\.(.+)\.\w{6}$")  # of a file that rsync is still writing
COMPRESSED_NAME = re.compile(r"\.(gz|bz2|xz|zst|lz4|z)$", re.I)
LFS_POINTER = re.compile(rb"\Aversion https://git-lfs|/annex/objects/|\.git/annex/")
GZIP_SIGNATURE = b"\x1f\x8b"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
NUMBERS = re.compile(rf"{UUID}|(?<![0-9a-z])[0-9a-f]{{6,}}(?![0-9a-z])|\d+", re.I)
MIN_EQUAL_SIZES = 3  # slices of one size are no coincidence


def count_unreadable(slices: Collection[Path], others: Iterable[Path]) -> Counter[str]:
    """Count the files that are not DICOM but should be slices, by what is wrong with them.

    In a folder of slices an empty or incomplete file counts as a slice, whatever its name. So does a file that has the
    name of the slices except for numbers, or their size, whatever it holds. Hidden files do not count: macOS writes one
    beside each file. Raises OSError if a file cannot be read.
    """
    folders = {file.parent for file in slices}
    names = {name_pattern(file) for file in slices}
    sizes = Counter(file.stat().st_size for file in slices)
    kinds: Counter[str] = Counter()
    for file in others:
        named = name_pattern(file) in names and bool(NUMBERS.search(file.name))
        kind = _kind(file, names) if named or file.parent in folders else ""
        if not kind and not _is_hidden(file) and (named or sizes[file.stat().st_size] >= MIN_EQUAL_SIZES):
            kind = "not DICOM, but named or as large as the slices"
        kinds[kind] += 1
    del kinds[""]
    return kinds


def name_pattern(file: Path) -> str:
    """Return a path with its numbers, hexadecimal ones and UUIDs too, replaced by #."""
    return NUMBERS.sub("#", str(file))


def is_partial_download(name: str) -> bool:
    """Return whether programs give this name to a file while they copy or download it."""
    return bool(PARTIAL_SUFFIX.search(name))


def _is_hidden(file: Path) -> bool:
    return file.name.startswith(".")


def _kind(file: Path, names: set[str]) -> str:
    """Return what is wrong with a file that may be a slice; "" if it is something else."""
    original = RSYNC_NAME.sub(r"\1", file.name) if _is_hidden(file) else re.sub(r"\.te?mp$", "", file.name, flags=re.I)
    if is_partial_download(file.name) or (original != file.name and name_pattern(file.with_name(original)) in names):
        return "unfinished copies"
    if COMPRESSED_NAME.search(file.name) and name_pattern(file.with_suffix("")) in names:
        return "packed one by one"
    if _is_hidden(file):
        return ""
    with open(file, "rb") as stream:
        head = stream.read(1024)
        if not head.strip(b"\0"):
            more = any(chunk.strip(b"\0") for chunk in iter(lambda: stream.read(2**20), b""))
            return "" if more else "all zeros" if head else "empty"
    if LFS_POINTER.search(head):
        return "data not fetched"
    return "packed one by one" if head.startswith(GZIP_SIGNATURE) and _packs_dicom(head) else ""


def _packs_dicom(head: bytes) -> bool:
    try:
        return bool(detect_dicom(zlib.decompressobj(31).decompress(head, PREAMBLE_BYTES)))
    except zlib.error:
        return False
