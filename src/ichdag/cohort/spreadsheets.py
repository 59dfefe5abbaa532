"""Cells of a spreadsheet file, whatever program wrote it: tsv, csv and xlsx in, numbered rows of cells out."""

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Any

from ichdag.faults import refuse_machine_fault
from ichdag.jobs import StudyError

DELIMITERS = {".tsv": "\t", ".txt": "\t", ".csv": ",;"}
NAMES = {"\t": "tabs", ",": "commas", ";": "semicolons"}
UTF16 = (b"\xff\xfe", b"\xfe\xff")
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

Record = tuple[int, list[Any]]


def read_cells(path: str | Path) -> list[Record]:
    """Read every row that is not blank as its number in the file and its cells; the header comes first.

    Cells of tsv and csv are text. Cells of xlsx are text, float, bool, datetime or None; a formula that was saved
    without its value is the text of the formula. Raises StudyError if the file cannot be read as what its name says.
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
        records = _workbook_records(path)
    return [(number, cells) for number, cells in records if any(not _is_blank(cell) for cell in cells)]


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


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


def _workbook_records(path: Path) -> list[Record]:
    """Rows of the sheet 'participants', or of the first sheet, with the values Excel saved for formulas."""
    from openpyxl import load_workbook  # its import is paid by every job that reads the sheet, so only where needed

    try:
        records, title = _worksheet(load_workbook(path, read_only=True, data_only=True))
        if _has_formulas(path):
            formulas, _ = _worksheet(load_workbook(path, read_only=True), title)
            records = [_with_formulas(record, formula) for record, formula in zip(records, formulas, strict=True)]
    except Exception as error:  # a damaged file fails wherever in zip, XML or workbook the damage is
        refuse_machine_fault(error, path)
        raise StudyError(f"{path} cannot be read as an Excel workbook ({error}): save it as .xlsx again") from error
    return records


def _worksheet(workbook: Any, title: str | None = None) -> tuple[list[Record], str]:
    titles = [sheet.title for sheet in workbook.worksheets]  # charts have sheets too
    title = title or next((name for name in titles if name.strip().lower() == "participants"), titles[0])
    sheet = workbook[title]
    sheet.reset_dimensions()  # some programs write a wrong size, and only that part would be read
    records = [
        (number, [float(cell) if type(cell) is int else cell for cell in cells])
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1)
    ]
    workbook.close()
    return records, title


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        return any(re.search(rb"<f[ >]", archive.read(name)) for name in sheets if name.endswith(".xml"))


def _with_formulas(record: Record, formulas: Record) -> Record:
    """The record with the formula itself where a program that does not compute saved no value."""
    pairs = zip(record[1], formulas[1], strict=True)
    return record[0], [formula if value is None else value for value, formula in pairs]
