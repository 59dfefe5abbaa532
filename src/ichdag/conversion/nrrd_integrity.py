"""Whether the gzip voxels of a NRRD file are complete: of a damaged stream ITK reads what it can, without an error."""

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from ichdag.jobs import DataFault

GZIP = 16 + zlib.MAX_WBITS
CHUNK = 2**20
GZIP_ENCODING = re.compile(rb"^encoding:[ \t]*(gz|gzip)[ \t]*$", re.M | re.I)
SKIP_FIELD = re.compile(rb"^(line|byte) ?skip:[ \t]*[+-]?0*[1-9]", re.M | re.I)
HEADER_END = re.compile(rb"\r?\n\r?\n|\r\r")
REASON = "the mask cannot be read as NRRD: it is damaged"


def require_intact_voxels(files: Sequence[Path], fields: bytes, *, promised: int) -> None:
    """Raise DataFault if gzip voxels end early, fail their checksum, or are more or fewer bytes than promised.

    `files` are the header and its data files, `fields` the text of the header. Where lines or bytes are to be skipped,
    the voxels may follow other data, and sizes are not compared. Raises OSError if a file cannot be read.
    """
    if not GZIP_ENCODING.search(fields):
        return
    skips = bool(SKIP_FIELD.search(fields))
    size = 0
    for file in files[1:] or files:
        with open(file, "rb") as stream:
            if len(files) == 1:
                head = stream.read(2 * len(fields) + 4)  # a line may end with two bytes that were counted as one
                end = HEADER_END.search(head)
                stream.seek(end.end() if end else len(head))
            elif skips:
                continue
            try:
                for count in _inflated_sizes(_chunks(stream)):
                    size += count
                    if size > promised and not skips:
                        raise DataFault("cohort", f"{REASON} (more voxels than its header says)")
            except (zlib.error, EOFError) as error:
                raise DataFault("cohort", f"{REASON} ({error})") from error
    if size < promised and not skips:
        raise DataFault("cohort", f"{REASON} (fewer voxels than its header says)")


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


def _inflated_sizes(chunks: Iterable[bytes]) -> Iterator[int]:
    """Yield the inflated bytes of a gzip stream, chunk by chunk; the checksums of all its members are compared.

    Raises zlib.error if it is damaged, EOFError if it ends early.
    """
    member = zlib.decompressobj(GZIP)
    for chunk in chunks:
        rest = chunk
        while rest and not (member.eof and not rest.strip(b"\0")):
            member = zlib.decompressobj(GZIP) if member.eof else member
            yield len(member.decompress(rest, CHUNK))
            rest = member.unconsumed_tail or member.unused_data
    if not member.eof:
        raise EOFError("they end too early")
