"""Whether the packed voxels of a NRRD file are whole: ITK silently takes what it can read of a damaged stream."""

import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ichdag.jobs import DataFault

GZIP = 16 + zlib.MAX_WBITS
CHUNK = 2**20
PACKED = re.compile(rb"^encoding:[ \t]*(gz|gzip)[ \t]*$", re.M | re.I)
SKIPPED = re.compile(rb"^(line|byte) ?skip:[ \t]*[+-]?0*[1-9]", re.M | re.I)
END = re.compile(rb"\r?\n\r?\n|\r\r")
REASON = "the mask cannot be read as NRRD: it is damaged"


def require_whole(files: Sequence[Path], fields: bytes, *, promised: int) -> None:
    """Raise DataFault if gzip voxels end early, fail their checksum, or are more or fewer bytes than promised.

    `files` are the header and what it names, `fields` the header's. Voxels that begin after lines or bytes to be
    skipped may be preceded by others. Raises OSError if a file cannot be read.
    """
    if not PACKED.search(fields):
        return
    skipped, found = bool(SKIPPED.search(fields)), 0
    for file in files[1:] or files:
        with open(file, "rb") as stream:
            if len(files) == 1:
                head = stream.read(2 * len(fields) + 4)  # a line may end with two bytes that were counted as one
                end = END.search(head)
                stream.seek(end.end() if end else len(head))
            elif skipped:
                continue
            try:
                for count in _inflated(iter(lambda stream=stream: stream.read(CHUNK), b"")):
                    found += count
                    if found > promised and not skipped:
                        raise DataFault("cohort", f"{REASON} (more voxels than its header says)")
            except (zlib.error, EOFError) as error:
                raise DataFault("cohort", f"{REASON} ({error})") from error
    if found < promised and not skipped:
        raise DataFault("cohort", f"{REASON} (fewer voxels than its header says)")


def _inflated(chunks: Iterator[bytes]) -> Iterator[int]:
    """How many bytes a gzip stream holds, piece by piece; checksums of all its members are checked.

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
