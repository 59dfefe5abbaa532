"""Read the cells of a spreadsheet file (tsv, csv or xlsx), whatever program wrote it, as numbered rows."""

import csv
import io
import re
from pathlib import Path

from ichdag.cohort.excel_workbooks import NumberedRow, is_blank, read_workbook
from ichdag.jobs import StudyError

DELIMITERS = {".tsv": "\t", ".txt": "\t", ".csv": ",;"}
DELIMITER_NAMES = {"\t": "tabs", ",": "commas", ";": "semicolons"}
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0"


def read_cells(path: str | Path) -> list[NumberedRow]:
    """Read every row that is not blank: its number in the file and its cells; the header comes first.

    Cells of tsv and csv are text. Cells of xlsx are text, float, bool, datetime or None (`excel_workbooks`). Raises
    StudyError if the file cannot be read as the format that its name says.
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
        rows = _read_text_rows(_decode(content, path), path)
    else:
        rows = read_workbook(path)
    return [(number, cells) for number, cells in rows if any(not is_blank(cell) for cell in cells)]


def _decode(content: bytes, path: Path) -> str:
    """Decode a file in UTF-8 or, with a byte order mark, UTF-16 (the "Unicode text" of Excel)."""
    try:
        text = content.decode("utf-16" if content.startswith(UTF16_MARKS) else "utf-8-sig")
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


def _read_text_rows(text: str, path: Path) -> list[NumberedRow]:
    lines = io.StringIO(text, newline="")
    declared = re.match(r"sep=([,;\t])\r?\n", text)
    header = text.splitlines()[1 if declared else 0] if text.strip() else ""
    delimiter = declared[1] if declared else _delimiter(header, path)
    if declared:
        lines.seek(declared.end())
    reader = csv.reader(lines, delimiter=delimiter)
    rows: list[NumberedRow] = []
    number = 1 if declared else 0
    try:
        for cells in reader:
            rows.append((number + 1, cells))
            number = reader.line_num + (1 if declared else 0)
    except csv.Error as error:
        raise StudyError(f"{path}, line {number + 1}: {error}: a quotation mark may not be closed") from error
    return rows


def _delimiter(header: str, path: Path) -> str:
    """Find what separates the cells: a tab in tsv; in csv comma or semicolon, whichever the header has more of."""
    unquoted = re.sub(r'"[^"]*"', "", header)
    allowed = DELIMITERS[path.suffix.lower()]
    best = max(allowed, key=unquoted.count)
    other = max(DELIMITER_NAMES, key=unquoted.count)
    if not unquoted.count(best) and unquoted.count(other):
        suffix = ".tsv" if other == "\t" else ".csv"
        raise StudyError(f"{path}: {DELIMITER_NAMES[other]} separate the cells of its header: name the file {suffix}")
    return best
