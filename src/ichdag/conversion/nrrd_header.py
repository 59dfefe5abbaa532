"""Voxels in files of their own, named by a NRRD header: only a file of the header's folder or below it is read.

What a header names is read here as ITK reads it: field names in any case, lines ended by any system, and one of the
three forms of the format: a name, LIST and a name a line to the end of the file, or a pattern of numbers with the
first, the last and the step.
"""

import ntpath
import os
import posixpath
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from ichdag.file_errors import MachineFault
from ichdag.jobs import DataFault

FIRST_BYTES, MOST_BYTES = 4096, 1_000_000  # of a header that are read
MOST_FILES = 10_000  # ASSUME: a mask has no more slices
FIELD = re.compile(rb"^data ?file[ \t]*:(?!=)[ \t]*(?P<value>[^\n]*)", re.M | re.I)
# ITK puts the number in by C's sprintf, into a buffer with room for 10 characters: any other pattern may end the job.
NUMBERED = re.compile(r"(?:[^%]|%%)*%\d*d")
PATTERN = re.compile(
    r"(?P<format>(?:[^%\s]|%%)*%(?:0?[1-9]|0?10|0)?d(?:[^%\s]|%%)*)"
    r"[ \t]+(?P<first>[+-]?\d{1,9})[ \t]+(?P<last>[+-]?\d{1,9})[ \t]+(?P<step>[+-]?\d{1,9})(?!\d)"
)


@dataclass(frozen=True)
class Header:
    """A NRRD header: its fields as lines, the names of data files as they are written, and whether it ends.

    `listed`: they stand a line each, and none is a pattern.
    """

    fields: bytes
    names: tuple[str, ...]
    listed: bool
    ended: bool


def read_header(path: Path) -> Header:
    """Read a NRRD header and no voxels, of what is none as much as might be one. Raises OSError if it cannot be."""
    content, header = b"", _parsed(b"")
    with open(path, "rb", buffering=0) as stream:
        while more := stream.read(max(FIRST_BYTES, len(content))):
            content += more
            header = _parsed(content)
            if header.ended and not header.listed:
                break
            if len(content) > MOST_BYTES:
                return replace(header, ended=False)
    return replace(header, ended=True)


def _parsed(content: bytes) -> Header:
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    fields, blank, _ = lines.partition(b"\n\n")
    found = FIELD.search(fields)
    if found is None:
        return Header(fields, (), listed=False, ended=bool(blank))
    value = _name(found["value"])
    listed = value.startswith("LIST") and not NUMBERED.match(value)
    rest = lines[found.end() :].split(b"\n")[1:] if listed else []
    names = tuple(_name(line) for line in rest) if listed else (value,)
    return Header(fields, tuple(name for name in names if name), listed=listed, ended=bool(blank))


def _name(line: bytes) -> str:
    """A name as the system takes it: C ends it at a zero, and it may be no UTF-8."""
    return os.fsdecode(line.partition(b"\0")[0])


def data_files(path: Path) -> Iterator[Path]:
    """The files with voxels that a NRRD header names, there or not; none where voxels follow the header itself.

    Names that lead out of the header's folder are left out: `refuse_data_elsewhere` refuses them. Raises OSError if the
    header cannot be read.
    """
    header = read_header(path)
    names = iter(header.names) if header.listed else (each for name in header.names for each in _numbered(name))
    yield from (path.parent / name for name in islice(names, MOST_FILES) if _stays_within(name))


def _numbered(name: str) -> Iterator[str]:
    """The names that a pattern of numbers stands for; of any other name, itself."""
    if not NUMBERED.match(name):
        yield name
    elif (found := PATTERN.match(name)) and (step := int(found["step"])):
        for number in range(int(found["first"]), int(found["last"]) + (1 if step > 0 else -1), step):
            yield found["format"] % number


def refuse_data_elsewhere(path: Path) -> None:
    """Raise DataFault if a NRRD header, attached or not, names a data file that is not in its folder or below it.

    A mask that somebody sent would else show any file of this machine as an image. So is refused what cannot be told:
    a header without an end, a pattern that is none.
    """
    header = read_header(path)
    for name in header.names:
        if not _stays_within(name):
            raise DataFault("cohort", "the mask's header names a data file outside its folder: put the file beside it")
        if not header.listed and NUMBERED.match(name) and not PATTERN.match(name):
            raise DataFault("cohort", "the mask's header names its data files by a pattern that is none: mend it")
    if not header.ended:
        raise DataFault("cohort", f"the mask cannot be read as NRRD: no end of its header in {MOST_BYTES:,} bytes")


def require_data(path: Path) -> list[Path]:
    """The files that hold a NRRD image: the header, and what it names.

    Raises MachineFault where one that it names is not there, DataFault where one is no file or they are too many.
    """
    files = [path]
    for file in data_files(path):
        try:
            mode = os.stat(file).st_mode
        except FileNotFoundError:
            raise MachineFault("a data file that the mask's header names is not there (was it copied?)") from None
        if not stat.S_ISREG(mode):
            raise DataFault("cohort", "the mask's header names something as its data file that is no file")
        files.append(file)
    if len(files) > MOST_FILES:
        raise DataFault("cohort", f"the mask's header names more than {MOST_FILES - 1:,} data files")
    return files


def _stays_within(name: str) -> bool:
    name = name.strip()
    rooted = any(path.isabs(name) or path.splitdrive(name)[0] for path in (posixpath, ntpath)) or name[:1] in "~\\"
    return not name or not (rooted or ".." in re.split(r"[/\\]", name))
