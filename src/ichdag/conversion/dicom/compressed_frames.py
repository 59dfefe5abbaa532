"""Compressed images are whole: what can be known of them without the values that they hold.

Decoders draw something of nearly any bytes. Damage that leaves lengths and markers as they were is not seen.
"""

import re
import struct

from pydicom.dataset import Dataset
from pydicom.uid import (
    JPEG2000,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from ichdag.jobs import DataFault

JPEG = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1)
JPEG_LS = (JPEGLSLossless, JPEGLSNearLossless)
JPEG_2000 = (JPEG2000, JPEG2000Lossless)
START, END, SCAN = 0xD8, 0xD9, 0xDA
FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}  # markers of JPEG and JPEG-LS that give the size
CODESTREAM, SIZE, TILE_PART, DATA = 0x4F, 0x51, 0x90, 0x93  # markers of JPEG 2000
# What ends coded data: in JPEG a marker that is no restart, in the others also what no coder writes.
AFTER_JPEG, AFTER_LS = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]"), re.compile(rb"\xff[\x80-\xcf\xd8-\xff]")
NEVER_IN_2000 = re.compile(rb"\xff[\x90\x93-\xff]")


def refuse_damaged(image: bytes, header: Dataset, syntax: str) -> None:
    """Raise DataFault if a compressed image is not whole, or not of the size that the header says."""
    size = int(header.Rows), int(header.Columns)
    try:
        if syntax == RLELossless:
            segments = header.BitsAllocated // 8 * header.get("SamplesPerPixel", 1)
            whole = _rle_is_whole(image, size[0] * size[1], segments)
        elif syntax in JPEG:
            whole = _jpeg_is_whole(image, size, AFTER_JPEG)
        elif syntax in JPEG_LS:
            whole = _jpeg_is_whole(image, size, AFTER_LS)
        else:
            whole = syntax not in JPEG_2000 or _jpeg_2000_is_whole(image, size)
    except (IndexError, struct.error):  # it ends too early
        whole = False
    if not whole:
        raise DataFault("cohort", "pixel data are damaged: a compressed image is not whole, copy the files again")


def _rle_is_whole(image: bytes, size: int, segments: int) -> bool:
    """Whether each segment (a byte of every pixel) is there, and as long as the image when it is unpacked."""
    count, *starts = struct.unpack("<16L", image[:64])
    if count != segments or starts[0] != 64:
        return False
    ends = [*starts[1:count], len(image)]
    return all(_unpacks_to(image[start:end], size) for start, end in zip(starts, ends, strict=False))


def _unpacks_to(segment: bytes, size: int) -> bool:
    """Whether a segment of RLE holds so many bytes, and nothing but filling behind them."""
    length = place = 0
    while length < size:
        head = segment[place]
        if head < 128:  # so many bytes and one more, as they are
            length, place = length + head + 1, place + head + 2
        elif head > 128:  # one byte, so often
            length, place = length + 257 - head, place + 2
        else:
            place += 1
    return length == size and place <= len(segment) and not segment[place:].strip(b"\0\x80")


def _jpeg_is_whole(image: bytes, size: tuple[int, int], after: re.Pattern[bytes]) -> bool:
    """Whether JPEG or JPEG-LS goes from marker to marker to its end. Raises IndexError or struct.error if it is cut."""
    if image[:2] != bytes((0xFF, START)):
        return False
    place, scanned = 2, False
    while True:
        while image[place] == 0xFF and image[place + 1] == 0xFF:  # filling
            place += 1
        marker = image[place + 1]
        if image[place] != 0xFF or marker < 0xC0:
            return False
        if marker == END:
            return scanned and not image[place + 2 :].strip(b"\0\xff\xd9")
        (length,) = struct.unpack(">H", image[place + 2 : place + 4])
        if marker in FRAMES and not _is_size(size, struct.unpack(">HH", image[place + 5 : place + 9])):
            return False
        place += 2 + length
        if marker == SCAN:
            found = after.search(image, place)
            if found is None:
                return False
            place, scanned = found.start(), True


def _is_size(size: tuple[int, int], found: tuple[int, int]) -> bool:
    """Whether an image has the size of the header; 0 lines: a later marker tells."""
    return found[1] == size[1] and found[0] in (0, size[0])


def _jpeg_2000_is_whole(image: bytes, size: tuple[int, int]) -> bool:
    """Whether a codestream of JPEG 2000 goes from tile part to tile part to its end. Raises as `_jpeg_is_whole`."""
    if image[:4] != bytes((0xFF, CODESTREAM, 0xFF, SIZE)):
        return image[4:8] == b"jP  "  # wrapped as a file of its own, which should not be
    columns, rows, left, top = struct.unpack(">4L", image[8:24])
    place = _past_segments(image, 2, TILE_PART)
    while image[place : place + 2] == bytes((0xFF, TILE_PART)):
        (length,) = struct.unpack(">L", image[place + 6 : place + 10])
        end = place + length if length else image.rindex(bytes((0xFF, END)))
        start = _past_segments(image, place, DATA) + 2
        if start > end or end > len(image) or NEVER_IN_2000.search(image, start, end):
            return False
        place = end
    return image[place : place + 2] == bytes((0xFF, END)) and (rows - top, columns - left) == size


def _past_segments(image: bytes, place: int, last: int) -> int:
    """Where a marker is, after segments that tell their lengths. Raises IndexError if there is something else."""
    while image[place + 1] != last:
        if image[place] != 0xFF:
            raise IndexError("no marker")
        place += 2 + struct.unpack(">H", image[place + 2 : place + 4])[0]
    return place
