"""How much pydicom may read of one original: no header holds more elements than these, or larger ones.

A gigabyte of zeros are 134 million empty elements, which are minutes; packed they are some kilobytes.
"""

from typing import Any, BinaryIO

from ichdag.jobs import DataFault

MOST_READS = 500_000  # of a file, one or two an element; an Enhanced CT of 2,000 frames takes some 300,000
MOST_READS_A_FILE = 1000  # on an average of all files of an original; a CT slice takes 200 to 400
INFLATED_A_FILE = 2**20  # bytes, on an average of deflated files: one slice
MOST_ALIKE = 100  # elements without a value, one after the other, that are the same
LARGEST_PIXELS = 2**31  # bytes of pixel data of a file
BYTES_A_READ = 32  # a sequence of known length is read as one value, whose elements are parsed later
PIXEL_DATA = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10")  # the tag, in both orders of bytes


class Budget:
    """What is left for all files of one original together. Raises DataFault when that is spent."""

    def __init__(self, files: int):
        self._reads = MOST_READS + MOST_READS_A_FILE * files
        self._inflated = 2**28 + INFLATED_A_FILE * files

    @property
    def reads(self) -> int:
        """How many reads the next file may take."""
        return min(MOST_READS, self._reads)

    def spend(self, reads: int) -> None:
        """Take off what a file took."""
        self._reads -= reads
        if self._reads < 0:
            raise DataFault("cohort", "its headers hold more than those of a scan do: give the files of one scan alone")

    def spend_inflated(self, size: int) -> None:
        """Take off the bytes that a deflated file became."""
        self._inflated -= size
        if self._inflated < 0:
            raise DataFault("cohort", "its files inflate to more than a scan: give the files of one scan alone")


class Bounded:
    """A binary stream for pydicom. Raises ValueError at more elements, or a larger one, than a header holds."""

    def __init__(self, stream: BinaryIO, *, most_reads: int, pixels: int):
        self._stream = stream
        self._most_reads, self._pixels = most_reads, pixels
        self._element, self._alike = b"", 0
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes; the rest, whatever it is, is never read at once."""
        in_pixels = self._element[:4] in PIXEL_DATA and size > 8
        cost = 1 if in_pixels else 1 + size // BYTES_A_READ
        if size < 0 or self.reads + cost > MOST_READS or (in_pixels and size > self._pixels):
            raise ValueError("no header is so long")
        self.reads += cost
        if self.reads > self._most_reads:  # which all files of an original share
            raise ValueError("there is no more to be read")
        content = self._stream.read(size)
        if size == 8:  # tag, type and length of an element
            self._alike = self._alike + 1 if content == self._element else 0
            self._element = content
            if self._alike > MOST_ALIKE:
                raise ValueError("no header repeats itself so")
        return content
