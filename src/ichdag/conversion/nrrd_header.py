"""NRRD headers, and the data files that a detached header names: only files in its folder or below it are read.

Headers are read as ITK reads them: field names in upper or lower case, and line ends of any system. A header names its
data files in one of three forms: one name; LIST and then one name a line to the end of the file; or a pattern with the
first number, the last and the step.
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

FIRST_BYTES, MAX_HEADER_BYTES = 4096, 1_000_000  # read of a header at first, and at most
MAX_DATA_FILES = 10_000  # ASSUME: no mask has more slices
DATA_FILE_FIELD = re.compile(rb"^data ?file[ \t]*:(?!=)[ \t]*(?P<value>[^\n]*)", re.M | re.I)
# ITK writes the number with C's sprintf into a buffer of 10 characters: other patterns could crash the job.
NUMBER_FORMAT = re.compile(r"(?:[^%]|%%)*%\d*d")
FILE_PATTERN = re.compile(
    r"(?P<format>(?:[^%\s]|%%)*%(?:0?[1-9]|0?10|0)?d(?:[^%\s]|%%)*)"
    r"[ \t]+(?P<first>[+-]?\d{1,9})[ \t]+(?P<last>[+-]?\d{1,9})[ \t]+(?P<step>[+-]?\d{1,9})(?!\d)"
)


@dataclass(frozen=True)
class NrrdHeader:
    """A NRRD header: its fields as lines, the names of data files as they are written, and whether its end was read.

    `listed`: the names stand one a line (LIST), and none of them is a pattern.
    """

    fields: bytes
    names: tuple[str, ...]
    listed: bool
    ended: bool


def read_header(path: Path) -> NrrdHeader:
    """Read a NRRD header and no voxels; of other files as much as a header may have. Raises OSError on read errors."""
    content = b""
    header = _parse_header(content)
    with open(path, "rb", buffering=0) as stream:
        while more := stream.read(max(FIRST_BYTES, len(content))):
            content += more
            header = _parse_header(content)
            if header.ended and not header.listed:
                break
            if len(content) > MAX_HEADER_BYTES:
                return replace(header, ended=False)
    return replace(header, ended=True)


def _parse_header(content: bytes) -> NrrdHeader:
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    fields, blank, _ = lines.partition(b"\n\n")
    field = DATA_FILE_FIELD.search(fields)
    if field is None:
        return NrrdHeader(fields, (), listed=False, ended=bool(blank))
    value = _decode_name(field["value"])
    listed = value.startswith("LIST") and not NUMBER_FORMAT.match(value)
    rest = lines[field.end() :].split(b"\n")[1:] if listed else []
    names = tuple(_decode_name(line) for line in rest) if listed else (value,)
    return NrrdHeader(fields, tuple(name for name in names if name), listed=listed, ended=bool(blank))


def _decode_name(line: bytes) -> str:
    """Return a name as the system reads it: it ends at a zero byte, and may not be UTF-8."""
    return os.fsdecode(line.partition(b"\0")[0])


def data_files(path: Path) -> Iterator[Path]:
    """Yield the data files that a NRRD header names, existing or not; none where voxels follow the header itself.

    Names that lead out of the header's folder are left out: `refuse_data_outside_folder` refuses them. Raises OSError
    if the header cannot be read.
    """
    header = read_header(path)
    names = iter(header.names) if header.listed else (each for name in header.names for each in _expand_pattern(name))
    yield from (path.parent / name for name in islice(names, MAX_DATA_FILES) if _stays_within(name))


def _expand_pattern(name: str) -> Iterator[str]:
    """Yield the names that a pattern of numbers stands for; any other name as it is."""
    if not NUMBER_FORMAT.match(name):
        yield name
    elif (pattern := FILE_PATTERN.match(name)) and (step := int(pattern["step"])):
        for number in range(int(pattern["first"]), int(pattern["last"]) + (1 if step > 0 else -1), step):
            yield pattern["format"] % number


def refuse_data_outside_folder(path: Path) -> None:
    """Raise DataFault if a NRRD header, attached or not, names a data file that is not in its folder or below it.

    A mask from elsewhere could otherwise show any file of this machine as an image. For the same reason a header
    without an end and an invalid pattern are refused. Raises OSError if the header cannot be read.
    """
    header = read_header(path)
    for name in header.names:
        if not _stays_within(name):
            raise DataFault("cohort", "the mask's header names a data file outside its folder: put the file beside it")
        if not header.listed and NUMBER_FORMAT.match(name) and not FILE_PATTERN.match(name):
            raise DataFault("cohort", "the mask's header names its data files by a pattern that is none: mend it")
    if not header.ended:
        raise DataFault(
            "cohort", f"the mask cannot be read as NRRD: no end of its header in {MAX_HEADER_BYTES:,} bytes"
        )


def require_data_files(path: Path) -> list[Path]:
    """Return the files that hold a NRRD image: the header, and the data files that it names.

    Raises MachineFault if a data file is missing, DataFault if one is not a regular file or they are too many.
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
    if len(files) > MAX_DATA_FILES:
        raise DataFault("cohort", f"the mask's header names more than {MAX_DATA_FILES - 1:,} data files")
    return files


def _stays_within(name: str) -> bool:
    """Return whether a name, on any system, leads into the header's folder or below it."""
    name = name.strip()
    absolute = any(path.isabs(name) or path.splitdrive(name)[0] for path in (posixpath, ntpath)) or name[:1] in "~\\"
    return not name or not (absolute or ".." in re.split(r"[/\\]", name))
