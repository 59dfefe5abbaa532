"""Read the cells of an Excel workbook: values as shown, also in merged cells, and results of formulas."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element, iterparse
from zipfile import ZipFile

from ichdag.file_errors import raise_machine_fault
from ichdag.jobs import StudyError

ESCAPED = re.compile(
    r"_x(00[01][0-9A-Fa-f]|005[Ff])_"
)  # codes for characters that XML does not allow, and for _x itself
STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")
TRANSITIONAL = rb"http://schemas.openxmlformats.org/\1/2006/"
MAX_STRICT_BYTES = 2**28  # unpacked

NumberedRow = tuple[int, list[Any]]  # number of the row, and its cells
CellPosition = tuple[int, int]  # row and column, from 1


@dataclass
class WorksheetMarks:
    """What a worksheet has beside its values: ranges of merged cells, and formulas without a saved value."""

    merged: list[str] = field(default_factory=list)
    formulas: dict[CellPosition, str] = field(default_factory=dict)


def read_workbook(path: Path) -> list[NumberedRow]:
    """Read the sheet 'participants', or the first one: rows that are not blank, with their numbers.

    A cell that is merged over several rows has its value in each row. A formula has the value that was saved with it,
    which may be empty text (missing); without a saved value, the cell has the text of the formula. Raises StudyError if
    the file cannot be read, or cells are merged over several columns.
    """
    from openpyxl import load_workbook  # imported only where needed, since every job reads the sheet

    try:
        workbook = load_workbook(_transitional(path), read_only=True, data_only=True)
        titles = [sheet.title for sheet in workbook.worksheets]  # not those of charts
        title = next((name for name in titles if name.strip().lower() == "participants"), titles[0])
        rows, marks = _read_worksheet(workbook[title])
        workbook.close()
    except Exception as error:  # a damaged file may raise any error of zip, XML or workbook
        raise_machine_fault(error, path)
        raise StudyError(f"{path} cannot be read as an Excel workbook ({error}): save it as .xlsx again") from error
    rows = [(number, cells) for number, cells in rows if any(not is_blank(cell) for cell in cells)]
    for reference in marks.merged:
        _fill_merged(rows, reference, path)
    return rows


def is_blank(cell: Any) -> bool:
    """Tell whether a cell is empty or has only white space."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _transitional(path: Path) -> Path | BytesIO:
    """Return the workbook with the XML names that openpyxl knows; a 'Strict Open XML Workbook' has others."""
    with ZipFile(path) as archive:
        members = archive.infolist()
        first = next((member for member in members if member.filename == "xl/workbook.xml"), None)
        size = sum(member.file_size for member in members)
        if first is None or size > MAX_STRICT_BYTES or not STRICT.search(archive.read(first)):
            return path
        whole = BytesIO()
        with ZipFile(whole, "w") as copy:
            for member in members:
                content = archive.read(member)
                has_names = member.filename.endswith((".xml", ".rels"))
                copy.writestr(member.filename, STRICT.sub(TRANSITIONAL, content) if has_names else content)
    return whole


def _read_worksheet(sheet: Any) -> tuple[list[NumberedRow], WorksheetMarks]:
    sheet.reset_dimensions()  # some programs write a wrong size, and cells beyond it would not be read
    with sheet._get_source() as stream:
        marks = _read_marks(stream)
    rows = [
        (number, [_value(cell) for cell in cells])
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1)
    ]
    for (row, column), formula in marks.formulas.items():
        cells = rows[row - 1][1]
        cells[column - 1] = formula if cells[column - 1] is None else cells[column - 1]
    return rows, marks


def _value(cell: Any) -> Any:
    if isinstance(cell, str):
        return ESCAPED.sub(lambda match: chr(int(match[1], 16)), cell)
    return float(cell) if type(cell) is int else cell


def _read_marks(stream: IO[bytes]) -> WorksheetMarks:
    """Read the marks of a worksheet. A formula has a value if one was saved, or if its result is (empty) text."""
    marks = WorksheetMarks()
    row = column = 0
    for event, element in iterparse(stream, events=("start", "end")):
        name = _name(element)
        if event == "start" and name == "row":
            row = int(element.get("r", row + 1))
            column = 0
        elif event == "end" and name == "c":
            row, column = _position(element, (row, column + 1))
            parts = {_name(part): part for part in element}
            value = parts.get("v")
            has_value = value is not None and (value.text or element.get("t") == "str")
            if "f" in parts and not has_value:
                marks.formulas[row, column] = f"={parts['f'].text or ' ...'}"
        elif event == "end" and name == "mergeCell":
            marks.merged.append(element.get("ref", ""))
        elif event == "end" and name == "row":
            element.clear()
    return marks


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _position(cell: Element, default: CellPosition) -> CellPosition:
    from openpyxl.utils.cell import coordinate_to_tuple

    reference = cell.get("r")
    return coordinate_to_tuple(reference) if reference else default


def _fill_merged(rows: list[NumberedRow], reference: str, path: Path) -> None:
    """Give every row of a merged range the value of its first cell."""
    from openpyxl.utils.cell import range_boundaries

    left, top, right, bottom = range_boundaries(reference)
    shown = next((_cell(cells, left) for number, cells in rows if number == top), None)
    if is_blank(shown):
        return
    if left != right:
        raise StudyError(
            f"{path}: the cells {reference} are merged over several columns and hold '{shown}': "
            "unmerge them, and write the value of each column"
        )
    for cells in _rows_between(rows, top, bottom):
        cells.extend([None] * (left - len(cells)))
        cells[left - 1] = shown


def _rows_between(rows: list[NumberedRow], first: int, last: int) -> Iterator[list[Any]]:
    return (cells for number, cells in rows if first <= number <= last)


def _cell(cells: list[Any], column: int) -> Any:
    return cells[column - 1] if column <= len(cells) else None
