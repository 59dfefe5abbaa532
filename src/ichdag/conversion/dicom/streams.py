"""Detect DICOM by the first bytes of a file, and open files for pydicom: inflated, and within limits."""

import io
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from pydicom.datadict import dictionary_has_tag
from pydicom.valuerep import VR

from ichdag.conversion.dicom.read_limits import LimitedStream, ReadBudget

PREAMBLE_BYTES = 132  # the preamble and "DICM"
ZIP_SIGNATURE = b"PK\x03\x04"
META_START = PREAMBLE_BYTES + 12
META_LENGTH_ELEMENT = b"\2\0\0\0UL\4\0"
MAX_META_BYTES = 2**16
DEFLATED, EXPLICIT_LITTLE = b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.1"  # transfer syntaxes
MAX_INFLATED_BYTES = 2**28
CHUNK = 2**14  # deflated bytes read at a time: they become 16 MB at most


@contextmanager
def open_limited(file: Path | BinaryIO, *, budget: ReadBudget, max_pixel_bytes: int = 0) -> Iterator[LimitedStream]:
    """Open a file for pydicom, or take an open one, with pixel data of at most `max_pixel_bytes`.

    The budget is that of the whole original. Raises OSError if the file cannot be opened, DataFault once the budget is
    spent, and ValueError within the block if what is read is not a header.
    """
    with open(file, "rb") if isinstance(file, Path) else nullcontext(file) as opened:
        stream = LimitedStream(_inflate(opened, budget), max_reads=budget.reads, max_pixel_bytes=max_pixel_bytes)
        try:
            yield stream
        finally:
            budget.spend(stream.reads)


def detect_dicom_file(file: Path) -> str:
    """Return how a file is DICOM, see `detect_dicom`. Raises OSError if it cannot be read."""
    with open(file, "rb") as stream:
        return detect_dicom(stream.read(PREAMBLE_BYTES))


def unpack_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: Path) -> None:
    """Unpack a member of a zip if it is DICOM, else its first bytes; the suffix says what it is: dcm, zip or other."""
    with archive.open(member) as packed:
        beginning = packed.read(PREAMBLE_BYTES)
        kind = "dcm" if detect_dicom(beginning) else "zip" if beginning.startswith(ZIP_SIGNATURE) else "other"
        with open(name.with_suffix(f".{kind}"), "wb") as unpacked:
            unpacked.write(beginning)
            if kind == "dcm":
                shutil.copyfileobj(packed, unpacked)


def _inflate(stream: BinaryIO, budget: ReadBudget) -> BinaryIO:
    """Return the content of a file with a deflated transfer syntax, inflated; any other stream as it is.

    pydicom would inflate and read all of it without a limit. Raises ValueError if it is larger than a scan, or cut
    short.
    """
    meta = stream.read(META_START)
    has_length = len(meta) == META_START and meta[PREAMBLE_BYTES:-4] == META_LENGTH_ELEMENT
    meta += stream.read(min(struct.unpack("<L", meta[-4:])[0], MAX_META_BYTES)) if has_length else b""
    if DEFLATED not in meta:
        stream.seek(0)
        return stream
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = io.BytesIO()
    inflated.write(meta.replace(DEFLATED, EXPLICIT_LITTLE.ljust(len(DEFLATED), b"\0")))
    while not inflater.eof and (chunk := stream.read(CHUNK)):
        inflated.write(inflater.decompress(chunk))
        if inflated.tell() > MAX_INFLATED_BYTES:
            raise ValueError("it inflates to more than a scan")
    if not inflater.eof:
        raise ValueError("it is cut short")
    budget.spend_inflated(inflated.tell())
    inflated.seek(0)
    return inflated


def detect_dicom(head: bytes) -> str:
    """Return how a file with these first bytes is DICOM: "preamble" with it, "bare" without it, "" if it is not DICOM.

    A bare file begins with an element of group 2 or 8 that has an explicit VR or a short length.
    """
    if head[128:132] == b"DICM":
        return "preamble"
    if len(head) < PREAMBLE_BYTES:
        return ""
    for order in "<>":
        group, element = struct.unpack(f"{order}HH", head[:4])
        if group in (2, 8) and (element == 0 or dictionary_has_tag(group << 16 | element)):
            has_vr = head[4:6].decode("latin-1") in VR.__members__
            is_short = struct.unpack(f"{order}L", head[4:8])[0] < 1024
            return "bare" if has_vr or is_short else ""
    return ""
