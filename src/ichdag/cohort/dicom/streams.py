"""What a file is by its first bytes, and a stream that gives up on content that is no header."""

import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from pydicom.datadict import dictionary_has_tag
from pydicom.valuerep import VR

BEGINNING = 132  # bytes of preamble and mark
ZIP = b"PK\x03\x04"
MOST_READS = 500_000  # one or two an element; an Enhanced CT of 2,000 frames takes some 300,000
LARGEST_VALUE, LARGEST_PIXELS = 2**27, 2**31  # bytes of an element
LARGEST_INFLATED = 2**29


@contextmanager
def bounded(file: Path, *, largest: int = LARGEST_VALUE) -> Iterator["Bounded"]:
    """Open a file for pydicom, its elements of so many bytes at most. Raises OSError if it cannot be."""
    with open(file, "rb") as stream:
        yield Bounded(stream, largest)


def beginning_of(file: Path) -> str:
    """Tell how a file is DICOM, see `begins_as_dicom`. Raises OSError if it cannot be read."""
    with open(file, "rb") as stream:
        return begins_as_dicom(stream.read(BEGINNING))


def unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: Path) -> None:
    """Unpack a member of a zip if it is DICOM, else its first bytes; its kind becomes the suffix: dcm, zip or other."""
    with archive.open(member) as packed:
        beginning = packed.read(BEGINNING)
        kind = "dcm" if begins_as_dicom(beginning) else "zip" if beginning.startswith(ZIP) else "other"
        with open(name.with_suffix(f".{kind}"), "wb") as unpacked:
            unpacked.write(beginning)
            if kind == "dcm":
                shutil.copyfileobj(packed, unpacked)


class Bounded:
    """A binary stream for pydicom. Raises ValueError at more elements, or a larger one, than a header holds.

    A gigabyte of zeros are 134 million empty elements; a deflated file of some kilobytes may be gigabytes.
    """

    def __init__(self, stream: BinaryIO, largest: int):
        self._stream = stream
        self._largest = largest
        self._reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def read(self, size: int | None = -1) -> bytes:
        """Read so many bytes, or (a deflated file) the rest."""
        self._reads += 1
        if self._reads > MOST_READS or (size or 0) > self._largest:
            raise ValueError("no header is so long")
        content = self._stream.read(size)
        if size is None or size < 0:
            _refuse_bomb(content)
        return content


def _refuse_bomb(deflated: bytes) -> None:
    """Raise ValueError for what would inflate to more than a scan, holding no more than a part of it at a time."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    total, rest = 0, deflated
    while rest and not inflater.eof:
        total += len(inflater.decompress(rest, 2**24))
        rest = inflater.unconsumed_tail
        if total > LARGEST_INFLATED:
            raise ValueError("it inflates to more than a scan")


def begins_as_dicom(head: bytes) -> str:
    """Tell how a file with these first bytes is DICOM: "marked" by the preamble, "bare" without it, or "" if it is not.

    A bare file begins at once with an element of group 2 or 8, of explicit type or with a short length.
    """
    if head[128:132] == b"DICM":
        return "marked"
    if len(head) < BEGINNING:
        return ""
    for order in "<>":
        group, element = struct.unpack(f"{order}HH", head[:4])
        if group in (2, 8) and (element == 0 or dictionary_has_tag(group << 16 | element)):
            typed = head[4:6].decode("latin-1") in VR.__members__
            short = struct.unpack(f"{order}L", head[4:8])[0] < 1024
            return "bare" if typed or short else ""
    return ""
