"""Read what an original says of a person: the names of its files and folders, and every text of its headers.

Each text comes with the fewest letters that a word of it must have to count: names of people may be short.
"""

import gzip
import io
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from pydicom.multival import MultiValue

from ichdag.conversion.dicom.dicom_files import walk_folders
from ichdag.conversion.dicom.headers import silence_pydicom
from ichdag.conversion.dicom.read_limits import ReadBudget
from ichdag.conversion.dicom.streams import detect_dicom, open_limited
from ichdag.images import PACKED

MIN_LETTERS_OF_NAME = 3
MIN_LETTERS_OF_TEXT = 4
TEXTS = frozenset(("AE", "AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UN", "UR", "UT"))
STANDARD = "1.2.840.10008."  # how the UIDs begin that DICOM gives to kinds of things
LARGEST_HEADER = 2**24  # bytes of a file before its pixels
NIFTI_TEXTS = {348: ((148, 80), (228, 24), (14, 18), (328, 16)), 540: ((240, 80), (320, 24), (508, 16))}  # place, size
NRRD_TEXT = re.compile(r"^(?:content:|[^:\n]+:=)[ \t]*(.+)$", re.M | re.I)
PRINTED = re.compile(rb"[\x20-\x7e\x80-\xff]{4,}")
Texts = Iterator[tuple[str, int]]


def texts_of(original: Path) -> Texts:
    """Yield the texts and names of the files of one original. Raises OSError where one is away or cannot be read.

    Of damaged content, what can be read is yielded; the conversion reads no more.
    """
    original.stat()
    if original.is_dir() or original.name.upper() == "DICOMDIR":
        yield from _folder(original if original.is_dir() else original.parent)
    elif zipfile.is_zipfile(original):
        yield from _zip(original)
    else:
        with open(original, "rb") as stream:
            yield from _header(stream)


def _folder(folder: Path) -> Texts:
    """Yield the texts of a folder and all below it, as the conversion reads it."""
    for place, folders, files in walk_folders(folder):
        yield from ((Path(name).stem, MIN_LETTERS_OF_NAME) for name in [*folders, *files])
        for name in sorted(files):
            with open(os.path.join(place, name), "rb") as stream:
                yield from _header(stream)


def _zip(path: Path) -> Texts:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            parts = PurePosixPath(member.filename.replace("\\", "/")).parts
            yield from ((PurePosixPath(part).stem, MIN_LETTERS_OF_NAME) for part in parts)
            try:
                with archive.open(member) as packed:
                    content = packed.read(LARGEST_HEADER)
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError):
                continue  # damaged or encrypted
            yield from _header(io.BytesIO(content))


def _header(stream: BinaryIO) -> Texts:
    """Yield the texts of a header of DICOM, NIfTI or NRRD; nothing where it is none of them."""
    head = stream.read(132)
    stream.seek(0)
    if detect_dicom(head):
        yield from _dicom(stream)
    elif head.startswith(b"NRRD"):
        fields = stream.read(2**16).partition(b"\n\n")[0].decode("utf-8", "replace")
        yield from ((text.strip(), MIN_LETTERS_OF_TEXT) for text in NRRD_TEXT.findall(fields))
    else:
        try:
            yield from _nifti(gzip.GzipFile(fileobj=stream) if head[:2] == PACKED else stream)
        except (gzip.BadGzipFile, EOFError, gzip.zlib.error):
            return


def _nifti(stream: BinaryIO) -> Texts:
    """Yield the free texts of the header, and what can be read of extensions between it and the voxels."""
    head = stream.read(540)
    sizes = {int.from_bytes(head[:4], order): order for order in ("little", "big")}
    size = next((length for length in sizes if length in NIFTI_TEXTS), None)
    if size is None:
        return
    for place, length in NIFTI_TEXTS[size]:
        yield head[place : place + length].partition(b"\0")[0].decode("utf-8", "replace").strip(), MIN_LETTERS_OF_TEXT
    if head[size : size + 1] not in (b"", b"\0"):
        between = head[size + 4 :] + stream.read(2**20)
        yield from (
            (text.decode("utf-8", "replace").strip(), MIN_LETTERS_OF_TEXT) for text in PRINTED.findall(between[: 2**20])
        )


def _dicom(stream: BinaryIO) -> Texts:
    import pydicom

    with silence_pydicom():
        try:
            with open_limited(stream, budget=ReadBudget(1)) as opened:
                dataset = pydicom.dcmread(opened, stop_before_pixels=True, force=True)
            yield from _elements(dataset)
        except OSError:
            raise
        except Exception:  # a damaged header may raise anything: what can be read of its bytes
            stream.seek(0)
            yield from ((text.decode("latin-1"), MIN_LETTERS_OF_TEXT) for text in PRINTED.findall(stream.read(2**16)))


def _elements(dataset: Any) -> Texts:
    """Yield the texts of a header, its private elements and sequences among them."""
    for tag in list(dataset.keys()):
        try:
            kind, value = dataset[tag].VR, dataset[tag].value
        except Exception:  # a wrong value may raise anything: then its bytes
            kind, value = "UN", dataset.get_item(tag).value
        if kind == "SQ":
            for item in value:
                yield from _elements(item)
        elif kind in TEXTS and value:
            for item in value if isinstance(value, list | MultiValue) else [value]:
                yield from _texts(kind, item.decode("latin-1") if isinstance(item, bytes) else str(item))


def _texts(kind: str, text: str) -> Texts:
    """Yield a value as it may stand elsewhere: names without signs, times without fractions, dates with dashes too."""
    text = text.strip(" \0")
    if kind == "PN":
        yield re.sub(r"[\^=]+", " ", text).strip(), MIN_LETTERS_OF_NAME
    elif kind == "UI":
        yield from [] if text.startswith(STANDARD) else [(text, MIN_LETTERS_OF_TEXT)]
    elif kind in ("DA", "TM", "DT"):
        whole = text.partition(".")[0].replace(":", "")
        yield from ((part, MIN_LETTERS_OF_TEXT) for part in {whole, whole[:8]} if len(set(part)) > 1)
    elif kind != "UN" or text.isprintable():
        yield text, MIN_LETTERS_OF_TEXT
