"""Cells of a spreadsheet file, whatever program wrote it: tsv, csv and xlsx in, numbered rows of cells out."""

import csv
import io
import re
from pathlib import Path

from ichdag.cohort.workbooks import Record, is_blank, workbook_records
from ichdag.jobs import StudyError

DELIMITERS = {".tsv": "\t", ".txt": "\t", ".csv": ",;"}
NAMES = {"\t": "tabs", ",": "commas", ";": "semicolons"}
UTF16 = (b"\xff\xfe", b"\xfe\xff")
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def read_cells(path: str | Path) -> list[Record]:
    """Read every row that is not blank as its number in the file and its cells; the header comes first.

    Cells of tsv and csv are text. Cells of xlsx are text, float, bool, datetime or None (`workbooks`).
    Raises StudyError if the file cannot be read as what its name says.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in {*DELIMITERS, ".xlsx", ".xlsm"}:
        raise StudyError(f"{path} is not a sheet that can be read: save it as .tsv, .csv or .xlsx")
    content = path.read_bytes()
    if content.startswith(OLE):
        raise StudyError(f"{path} is an old or a password-protected Excel file: save it as .xlsx without a password")
    if suffix in DELIMITERS:
        if content.startswith(ZIP):
            raise StudyError(f"{path} is an Excel workbook: name it .xlsx, or save it as text")
        records = _text_records(_decoded(content, path), path)
    else:
        records = workbook_records(path)
    return [(number, cells) for number, cells in records if any(not is_blank(cell) for cell in cells)]


def _decoded(content: bytes, path: Path) -> str:
    """The text of a file in UTF-8 or, with a byte order mark, UTF-16 (Excel's "Unicode text")."""
    try:
        text = content.decode("utf-16" if content.startswith(UTF16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        character = content[error.start : error.start + 1].decode("cp1252", errors="replace")
        raise StudyError(
            f"{path}, line {line}: not UTF-8 text ('{character}', if it was saved as Windows-1252): "
            "save it as UTF-8 (in Excel: 'CSV UTF-8') or as .xlsx"
        ) from error
    if "\0" in text:
        raise StudyError(f"{path} is not text, or UTF-16 without its mark: save it as UTF-8 or as .xlsx")
    return text


def _text_records(text: str, path: Path) -> list[Record]:
    lines = io.StringIO(text, newline="")
    declared = re.match(r"sep=([,;\t])\r?\n", text)
    header = text.splitlines()[1 if declared else 0] if text.strip() else ""
    delimiter = declared[1] if declared else _delimiter(header, path)
    if declared:
        lines.seek(declared.end())
    reader = csv.reader(lines, delimiter=delimiter)
    records, number = [], 1 if declared else 0
    try:
        for cells in reader:
            records.append((number + 1, cells))
            number = reader.line_num + (1 if declared else 0)
    except csv.Error as error:
        raise StudyError(f"{path}, line {number + 1}: {error}: a quotation mark may not be closed") from error
    return records


def _delimiter(header: str, path: Path) -> str:
    """What separates the cells: a tab in tsv; in csv a comma or a semicolon, whichever the header has more of."""
    unquoted = re.sub(r'"[^"]*"', "", header)
    allowed = DELIMITERS[path.suffix.lower()]
    best = max(allowed, key=unquoted.count)
    other = max(NAMES, key=unquoted.count)
    if not unquoted.count(best) and unquoted.count(other):
        suffix = ".tsv" if other == "\t" else ".csv"
        raise StudyError(f"{path}: {NAMES[other]} separate the cells of its header: name the file {suffix}")
    return best
