"""Voxels in a file of their own, named by a NRRD header: only a file of the header's folder or below it is read."""

import ntpath
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from ichdag.jobs import DataFault

HEADER_BYTES = 1_000_000
FIELD = re.compile(rb"^data ?file[ \t]*:[ \t]*(?P<value>[^\n]*)(?P<rest>.*)", re.M | re.S | re.I)


def refuse_data_elsewhere(header: Path) -> None:
    """Raise DataFault if a NRRD header, attached or not, names a data file that is not in its folder or below it.

    A mask that somebody sent would else show any file of this machine as an image.
    """
    with open(header, "rb") as stream:
        content = stream.read(HEADER_BYTES).replace(b"\r\n", b"\n")
    for name in _named(content.partition(b"\n\n")[0], content):
        if not _stays_within(name):
            raise DataFault("cohort", "the mask's header names a data file outside its folder: put the file beside it")


def _named(fields: bytes, content: bytes) -> Iterator[str]:
    """The names of data files: one, one a line after LIST, or one with a number's pattern in it."""
    found = FIELD.search(fields)
    if found is None:
        return
    value = found["value"].decode("utf-8", "replace").strip()
    if re.fullmatch(r"LIST(\s+\d+)?", value):
        start = found.end("value")
        yield from content[start:].decode("utf-8", "replace").split("\n")
    else:
        yield value


def _stays_within(name: str) -> bool:
    name = name.strip()
    rooted = any(path.isabs(name) or path.splitdrive(name)[0] for path in (posixpath, ntpath)) or name[:1] in "~\\"
    return not name or not (rooted or ".." in re.split(r"[/\\]", name))
