"""Limits on what pydicom may read of one original: no header holds more elements, or larger ones.

A damaged or malicious file could otherwise take minutes: a gigabyte of zeros is read as 134 million empty elements, and
is a few kilobytes when compressed.
"""

from typing import Any, BinaryIO

from ichdag.jobs import DataFault

MAX_READS = 500_000  # of a file, one or two for each element; an Enhanced CT of 2,000 frames takes some 300,000
MAX_READS_PER_FILE = 1000  # on an average of all files of an original; a CT slice takes 200 to 400
INFLATED_BYTES_PER_FILE = 2**20  # bytes, on an average of deflated files: the size of one slice
MAX_REPEATED_ELEMENTS = 100  # equal elements without a value, one after the other
MAX_PIXEL_BYTES = 2**31  # of the pixel data of a file
BYTES_PER_READ = 32  # a sequence of known length is read as one value, whose elements are parsed later
PIXEL_DATA_TAGS = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10")  # the tag, in both orders of bytes


class ReadBudget:
    """The reads and inflated bytes that are left for all files of one original. Raises DataFault when none are left."""

    def __init__(self, files: int):
        self._reads = MAX_READS + MAX_READS_PER_FILE * files
        self._inflated = 2**28 + INFLATED_BYTES_PER_FILE * files

    @property
    def reads(self) -> int:
        """How many reads the next file may take."""
        return min(MAX_READS, self._reads)

    def spend(self, reads: int) -> None:
        """Subtract the reads of a file. Raises DataFault if none are left."""
        self._reads -= reads
        if self._reads < 0:
            raise DataFault("cohort", "its headers hold more than those of a scan do: give the files of one scan alone")

    def spend_inflated(self, size: int) -> None:
        """Subtract the inflated bytes of a deflated file. Raises DataFault if none are left."""
        self._inflated -= size
        if self._inflated < 0:
            raise DataFault("cohort", "its files inflate to more than a scan: give the files of one scan alone")


class LimitedStream:
    """A binary stream for pydicom that raises ValueError at more elements, or a larger one, than a header holds."""

    def __init__(self, stream: BinaryIO, *, max_reads: int, max_pixel_bytes: int):
        self._stream = stream
        self._max_reads = max_reads
        self._max_pixel_bytes = max_pixel_bytes
        self._element = b""
        self._repeated = 0
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def read(self, size: int = -1) -> bytes:
        """Read `size` bytes. Raises ValueError at a negative size (the whole rest) and beyond the limits."""
        in_pixels = self._element[:4] in PIXEL_DATA_TAGS and size > 8
        cost = 1 if in_pixels else 1 + size // BYTES_PER_READ
        if size < 0 or self.reads + cost > MAX_READS or (in_pixels and size > self._max_pixel_bytes):
            raise ValueError("no header is so long")
        self.reads += cost
        if self.reads > self._max_reads:  # the reads left for all files of an original
            raise ValueError("there is no more to be read")
        content = self._stream.read(size)
        if size == 8:  # tag, VR and length of an element
            self._repeated = self._repeated + 1 if content == self._element else 0
            self._element = content
            if self._repeated > MAX_REPEATED_ELEMENTS:
                raise ValueError("no header repeats itself so")
        return content
