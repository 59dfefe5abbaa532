"""What a file is by its first bytes, and how it is opened for pydicom: inflated, and bounded."""

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

from ichdag.conversion.dicom.read_limits import Bounded, Budget

BEGINNING = 132  # bytes of preamble and mark
ZIP = b"PK\x03\x04"
META_BEGINS, META_LENGTH, LONGEST_META = BEGINNING + 12, b"\2\0\0\0UL\4\0", 2**16
DEFLATED, PLAIN = b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.1"  # transfer syntaxes
LARGEST_INFLATED = 2**28
PIECE = 2**14  # bytes that are inflated at a time, to 16 MB at most


@contextmanager
def bounded(file: Path | BinaryIO, *, budget: Budget, pixels: int = 0) -> Iterator[Bounded]:
    """Open a file for pydicom, or take one that is open, with pixel data of so many bytes at most.

    The budget is that of the whole original. Raises OSError if it cannot be opened, DataFault once the budget is spent,
    and ValueError within the block at what no header is.
    """
    with open(file, "rb") if isinstance(file, Path) else nullcontext(file) as opened:
        stream = Bounded(_inflated(opened, budget), most_reads=budget.reads, pixels=pixels)
        try:
            yield stream
        finally:
            budget.spend(stream.reads)


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


def _inflated(stream: BinaryIO, budget: Budget) -> BinaryIO:
    """What a deflated file inflates to, its header saying so; any other stream as it is.

    pydicom would inflate all of it at once, and read that without a bound. Raises ValueError if it is more than a scan,
    or cut short.
    """
    meta = stream.read(META_BEGINS)
    told = len(meta) == META_BEGINS and meta[BEGINNING:-4] == META_LENGTH
    meta += stream.read(min(struct.unpack("<L", meta[-4:])[0], LONGEST_META)) if told else b""
    if DEFLATED not in meta:
        stream.seek(0)
        return stream
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    whole = io.BytesIO()
    whole.write(meta.replace(DEFLATED, PLAIN.ljust(len(DEFLATED), b"\0")))
    while not inflater.eof and (piece := stream.read(PIECE)):
        whole.write(inflater.decompress(piece))
        if whole.tell() > LARGEST_INFLATED:
            raise ValueError("it inflates to more than a scan")
    if not inflater.eof:
        raise ValueError("it is cut short")
    budget.spend_inflated(whole.tell())
    whole.seek(0)
    return whole


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
