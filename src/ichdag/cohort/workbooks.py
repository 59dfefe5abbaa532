"""Cells of an Excel workbook: what it shows, and in merged cells and computed ones what it means."""

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

ESCAPED = re.compile(r"_x(00[01][0-9A-Fa-f]|005[Ff])_")  # what XML has no character for, and _x itself
STRICT, TRANSITIONAL = (
    re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/"),
    rb"http://schemas.openxmlformats.org/\1/2006/",
)
LARGEST_STRICT = 2**28  # bytes, unpacked

Record = tuple[int, list[Any]]
Place = tuple[int, int]  # row and column, from 1


@dataclass
class Marks:
    """What a worksheet says beside its values: ranges of merged cells, formulas that have none."""

    merged: list[str] = field(default_factory=list)
    formulas: dict[Place, str] = field(default_factory=dict)


def workbook_records(path: Path) -> list[Record]:
    """Read the sheet 'participants', or the first one: rows that are not blank, with their numbers.

    A cell that is merged over several rows has its value in each. A formula has the value that was saved with it, which
    may be empty text (missing); without one it is its own text. Raises StudyError if the file cannot be read, or cells
    are merged over several columns.
    """
    from openpyxl import load_workbook  # its import is paid by every job that reads the sheet, so only where needed

    try:
        workbook = load_workbook(_transitional(path), read_only=True, data_only=True)
        titles = [sheet.title for sheet in workbook.worksheets]  # charts have sheets too
        title = next((name for name in titles if name.strip().lower() == "participants"), titles[0])
        records, marks = _worksheet(workbook[title])
        workbook.close()
    except Exception as error:  # a damaged file fails wherever in zip, XML or workbook the damage is
        raise_machine_fault(error, path)
        raise StudyError(f"{path} cannot be read as an Excel workbook ({error}): save it as .xlsx again") from error
    records = [(number, cells) for number, cells in records if any(not is_blank(cell) for cell in cells)]
    for reference in marks.merged:
        _fill(records, reference, path)
    return records


def is_blank(cell: Any) -> bool:
    """Whether a cell holds nothing that can be seen."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _transitional(path: Path) -> Path | BytesIO:
    """The workbook in the names that openpyxl knows: a 'Strict Open XML Workbook' has all elements under others."""
    with ZipFile(path) as archive:
        members = archive.infolist()
        first = next((member for member in members if member.filename == "xl/workbook.xml"), None)
        size = sum(member.file_size for member in members)
        if first is None or size > LARGEST_STRICT or not STRICT.search(archive.read(first)):
            return path
        whole = BytesIO()
        with ZipFile(whole, "w") as copy:
            for member in members:
                content = archive.read(member)
                named = member.filename.endswith((".xml", ".rels"))
                copy.writestr(member.filename, STRICT.sub(TRANSITIONAL, content) if named else content)
    return whole


def _worksheet(sheet: Any) -> tuple[list[Record], Marks]:
    sheet.reset_dimensions()  # some programs write a wrong size, and only that part would be read
    with sheet._get_source() as stream:
        marks = _marks(stream)
    records = [
        (number, [_value(cell) for cell in cells])
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1)
    ]
    for (row, column), formula in marks.formulas.items():
        cells = records[row - 1][1]
        cells[column - 1] = formula if cells[column - 1] is None else cells[column - 1]
    return records, marks


def _value(cell: Any) -> Any:
    if isinstance(cell, str):
        return ESCAPED.sub(lambda found: chr(int(found[1], 16)), cell)
    return float(cell) if type(cell) is int else cell


def _marks(stream: IO[bytes]) -> Marks:
    """The marks of a worksheet. A formula is without value unless it says text and has a value, be it empty."""
    marks, row, column = Marks(), 0, 0
    for event, element in iterparse(stream, events=("start", "end")):
        name = _name(element)
        if event == "start" and name == "row":
            row, column = int(element.get("r", row + 1)), 0
        elif event == "end" and name == "c":
            row, column = _place(element, (row, column + 1))
            parts = {_name(part): part for part in element}
            value = parts.get("v")
            computed = value is not None and (value.text or element.get("t") == "str")
            if "f" in parts and not computed:
                marks.formulas[row, column] = f"={parts['f'].text or ' ...'}"
        elif event == "end" and name == "mergeCell":
            marks.merged.append(element.get("ref", ""))
        elif event == "end" and name == "row":
            element.clear()
    return marks


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _place(cell: Element, otherwise: Place) -> Place:
    from openpyxl.utils.cell import coordinate_to_tuple

    reference = cell.get("r")
    return coordinate_to_tuple(reference) if reference else otherwise


def _fill(records: list[Record], reference: str, path: Path) -> None:
    """Give the rows of one merged range its value, which is that of its first cell."""
    from openpyxl.utils.cell import range_boundaries

    left, top, right, bottom = range_boundaries(reference)
    shown = next((_cell(cells, left) for number, cells in records if number == top), None)
    if is_blank(shown):
        return
    if left != right:
        raise StudyError(
            f"{path}: the cells {reference} are merged over several columns and hold '{shown}': "
            "take the merging back, and write what each column has"
        )
    for cells in _rows_between(records, top, bottom):
        cells.extend([None] * (left - len(cells)))
        cells[left - 1] = shown


def _rows_between(records: list[Record], first: int, last: int) -> Iterator[list[Any]]:
    return (cells for number, cells in records if first <= number <= last)


def _cell(cells: list[Any], column: int) -> Any:
    return cells[column - 1] if column <= len(cells) else None
