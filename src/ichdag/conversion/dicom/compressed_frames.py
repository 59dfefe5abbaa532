"""Whether compressed frames are complete, seen from their markers and lengths, without decoding them.

Decoders make an image of nearly any bytes. Damage that leaves lengths and markers as they were is not detected.
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
SOI, EOI, SOS = 0xD8, 0xD9, 0xDA  # markers of JPEG: start of image, end of image, start of scan
SOF = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}  # start of frame in JPEG and JPEG-LS: gives the size
SOC, SIZ, SOT, SOD = 0x4F, 0x51, 0x90, 0x93  # JPEG 2000: start of codestream, size, start of tile part, start of data
# What ends coded data: in JPEG a marker that is not a restart; in the others also bytes that no encoder writes.
AFTER_JPEG = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
AFTER_LS = re.compile(rb"\xff[\x80-\xcf\xd8-\xff]")
NEVER_IN_2000 = re.compile(rb"\xff[\x90\x93-\xff]")


def refuse_damaged_frame(image: bytes, header: Dataset, syntax: str) -> None:
    """Raise DataFault if a compressed frame is not complete, or its size is not that of the header.

    `syntax` is the transfer syntax UID; frames of other syntaxes than RLE, JPEG, JPEG-LS and JPEG 2000 are not checked.
    """
    size = (int(header.Rows), int(header.Columns))
    try:
        if syntax == RLELossless:
            segments = header.BitsAllocated // 8 * header.get("SamplesPerPixel", 1)
            is_complete = _rle_is_complete(image, size[0] * size[1], segments)
        elif syntax in JPEG:
            is_complete = _jpeg_is_complete(image, size, AFTER_JPEG)
        elif syntax in JPEG_LS:
            is_complete = _jpeg_is_complete(image, size, AFTER_LS)
        else:
            is_complete = syntax not in JPEG_2000 or _jpeg_2000_is_complete(image, size)
    except (IndexError, struct.error):  # it ends too early
        is_complete = False
    if not is_complete:
        raise DataFault("cohort", "pixel data are damaged: a compressed image is not whole, copy the files again")


def _rle_is_complete(image: bytes, size: int, segments: int) -> bool:
    """Return whether each segment (one byte of every pixel) is present, and as long as the image when decoded."""
    count, *starts = struct.unpack("<16L", image[:64])
    if count != segments or starts[0] != 64:
        return False
    ends = [*starts[1:count], len(image)]
    return all(_unpacks_to(image[start:end], size) for start, end in zip(starts, ends, strict=False))


def _unpacks_to(segment: bytes, size: int) -> bool:
    """Return whether an RLE segment decodes to `size` bytes, with nothing but padding after them."""
    length = offset = 0
    while length < size:
        head = segment[offset]
        if head < 128:  # head + 1 literal bytes
            length += head + 1
            offset += head + 2
        elif head > 128:  # one byte, repeated
            length += 257 - head
            offset += 2
        else:
            offset += 1
    return length == size and offset <= len(segment) and not segment[offset:].strip(b"\0\x80")


def _jpeg_is_complete(image: bytes, size: tuple[int, int], after: re.Pattern[bytes]) -> bool:
    """Return whether JPEG or JPEG-LS has all markers to its end. Raises IndexError or struct.error if it is cut."""
    if image[:2] != bytes((0xFF, SOI)):
        return False
    offset = 2
    has_scan = False
    while True:
        while image[offset] == 0xFF and image[offset + 1] == 0xFF:  # padding
            offset += 1
        marker = image[offset + 1]
        if image[offset] != 0xFF or marker < 0xC0:
            return False
        if marker == EOI:
            return has_scan and not image[offset + 2 :].strip(b"\0\xff\xd9")
        (length,) = struct.unpack(">H", image[offset + 2 : offset + 4])
        if marker in SOF and not _is_size(size, struct.unpack(">HH", image[offset + 5 : offset + 9])):
            return False
        offset += 2 + length
        if marker == SOS:
            end = after.search(image, offset)
            if end is None:
                return False
            offset = end.start()
            has_scan = True


def _is_size(size: tuple[int, int], in_frame: tuple[int, int]) -> bool:
    """Return whether a frame has the size of the header; 0 rows mean that a later marker gives them."""
    return in_frame[1] == size[1] and in_frame[0] in (0, size[0])


def _jpeg_2000_is_complete(image: bytes, size: tuple[int, int]) -> bool:
    """Return whether a codestream of JPEG 2000 has all tile parts to its end. Raises as `_jpeg_is_complete` does."""
    if image[:4] != bytes((0xFF, SOC, 0xFF, SIZ)):
        return image[4:8] == b"jP  "  # a JP2 file, which DICOM does not allow
    columns, rows, left, top = struct.unpack(">4L", image[8:24])
    offset = _skip_segments(image, 2, SOT)
    while image[offset : offset + 2] == bytes((0xFF, SOT)):
        (length,) = struct.unpack(">L", image[offset + 6 : offset + 10])
        end = offset + length if length else image.rindex(bytes((0xFF, EOI)))
        start = _skip_segments(image, offset, SOD) + 2
        if start > end or end > len(image) or NEVER_IN_2000.search(image, start, end):
            return False
        offset = end
    return image[offset : offset + 2] == bytes((0xFF, EOI)) and (rows - top, columns - left) == size


def _skip_segments(image: bytes, offset: int, last: int) -> int:
    """Return the offset of the marker `last`, behind segments with a length. Raises IndexError if there is none."""
    while image[offset + 1] != last:
        if image[offset] != 0xFF:
            raise IndexError("no marker")
        offset += 2 + struct.unpack(">H", image[offset + 2 : offset + 4])[0]
    return offset
