"""The participants sheet: tsv, csv or xlsx with BIDS habits (sub- ids, n/a for missing, 89+ for the oldest)."""

import json
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache, reduce
from pathlib import Path
from typing import Any

from ichdag.cohort.excel_workbooks import NumberedRow
from ichdag.cohort.spreadsheets import read_cells
from ichdag.jobs import StudyError
from ichdag.number_format import CODE, LARGEST_EXACT, NUMBER

SCHEMA = Path(__file__).parents[3] / "config" / "schemas" / "participants.schema.json"
FILES = ("baseline_ct", "followup_ct", "baseline_mask", "followup_mask")
PHANTOM_FOLDER = "phantom/"  # originals that this workflow draws itself: Snakemake knows the names of these only
SERIES = {"baseline_ct": "baseline_series", "followup_ct": "followup_series"}
MISSING_WORDS = frozenset(
    ("n/a", "na", "n.a.", "n.a", "nan", "#n/a", "null", "none", "nil", "missing", "unknown", "-", "--", ".", "?")
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Sheet:
    """The sheet as read: its path, its header as written, and its rows with their numbers in the file.

    Cells beyond the header, or in a column without a name, are in the row under the name "".
    """

    path: Path
    header: tuple[str, ...]
    numbers: tuple[int, ...]
    rows: list[Row]


@lru_cache
def sheet_schema() -> dict[str, Any]:
    """Read the schema of a row of the sheet."""
    schema: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return schema


def known_columns() -> dict[str, dict[str, Any]]:
    """Return the columns that have a meaning in the study, each with its schema. Other columns are further columns."""
    columns: dict[str, dict[str, Any]] = sheet_schema()["properties"]
    return columns


def column_schema(name: str) -> dict[str, Any]:
    """Return the schema of a column; it is empty for a further column."""
    patterns = sheet_schema()["patternProperties"].items()
    return known_columns().get(name) or next((schema for pattern, schema in patterns if re.search(pattern, name)), {})


def read_sheet(path: str | Path) -> Sheet:
    """Read the sheet: numbers as float, n/a and empty cells as None, file paths relative to the sheet's folder.

    A cell that does not fit its column stays as it is; the validation reports it. A further column has numbers if each
    of its cells is a number, else text. Raises StudyError if the file is missing, empty or unreadable.
    """
    path = Path(path)
    if not path.is_file():
        raise StudyError(
            f"participants sheet {path} not found: copy resources/participants.tsv and fill it in, or draw a synthetic "
            "cohort first (target 'phantom'), or name another sheet in config: participants"
        )
    return parse_sheet(path, read_cells(path))


def parse_sheet(path: Path, numbered_rows: list[NumberedRow]) -> Sheet:
    """Make the sheet of the rows of a file, header first. Raises StudyError if there are no rows but the header."""
    if len(numbered_rows) < 2:
        raise StudyError(f"participants sheet {path} has no rows: write a header and one row for each participant")
    header = [_column_name(cell) for cell in numbered_rows[0][1]]
    width = max(len(cells) for _, cells in numbered_rows)
    columns: dict[str, list[Any]] = {}
    unnamed_columns: list[list[Any]] = []
    for position in range(width):
        cells = [cells[position] if position < len(cells) else None for _, cells in numbered_rows[1:]]
        name = header[position] if position < len(header) else ""
        if name and name not in columns:
            columns[name] = _column(name, cells, path.parent)
        elif not name:
            unnamed_columns.append(_column("", cells, path.parent))
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    for row, extra in zip(rows, zip(*unnamed_columns, strict=True), strict=False):
        if any(cell is not None for cell in extra):
            row[""] = [cell for cell in extra if cell is not None]
    while header and not header[-1]:
        header.pop()
    return Sheet(path, tuple(header), tuple(number for number, _ in numbered_rows[1:]), rows)


def subject_of(row: Row) -> str:
    """Return the id of a participant without the prefix sub-."""
    return str(row["participant_id"]).removeprefix("sub-")


def phantom_originals(row: Row) -> dict[str, str]:
    """Return the originals of a participant, by column, that this workflow draws itself."""
    return {column: path for column in FILES if (path := row.get(column) or "").startswith(PHANTOM_FOLDER)}


def typed_columns(rows: Iterable[Row]) -> dict[str, list[Any]]:
    """Return the cells by column; a further column becomes numbers if every cell that is not missing is a number."""
    rows = list(rows)
    columns = {name: [row.get(name) for row in rows] for name in rows[0]} if rows else {}
    return {name: cells if name in known_columns() else _numbers_if_all(cells) for name, cells in columns.items()}


def _column_name(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _column(name: str, cells: list[Any], folder: Path) -> list[Any]:
    """Convert the cells of one column to the type in its schema, where that is possible."""
    schema = column_schema(name)
    cells = [_without_blanks(cell) for cell in cells]
    if name in FILES:
        return [_path(cell, folder) if isinstance(cell, str) else cell for cell in cells]
    if schema.get("type") == "number":
        cells = [cell.removesuffix("+").strip() if name == "age" and _is_age(cell) else cell for cell in cells]
        return [_number(cell) for cell in cells]
    if name in SERIES.values():
        cells = [_number(cell) for cell in cells]  # programs write 3 as 3.0 in a column of numbers with missing cells
    if schema:
        return [cell if name == "participant_id" else _text(cell) for cell in cells]
    return _numbers_if_all([_plain(cell) for cell in cells])


def _without_blanks(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    cell = cell.strip()
    return None if cell in ("", "n/a") else cell


def _is_age(cell: Any) -> bool:
    return isinstance(cell, str) and re.fullmatch(r"\d+\s*\+", cell) is not None


def _path(text: str, folder: Path) -> str:
    """Return the path of a file, with letters such as ü as the disk has them: one character, or u and its dots."""
    if text.lower() in MISSING_WORDS:
        return text
    whole = folder / text
    return str(whole if text.isascii() or os.path.exists(whole) else reduce(_as_spelled, Path(text).parts, folder))


def _as_spelled(folder: Path, name: str) -> Path:
    """Return the file of a folder that has this name, however its letters are composed."""
    forms = [name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))]
    return next((folder / form for form in forms if os.path.exists(folder / form)), folder / name)


def _number(cell: Any) -> Any:
    return float(cell) if isinstance(cell, str) and NUMBER.fullmatch(cell) else cell


def _text(cell: Any) -> Any:
    """Return a whole number, such as a series number, as text; other cells as they are."""
    is_whole = isinstance(cell, float) and cell.is_integer() and abs(cell) < LARGEST_EXACT
    return str(int(cell)) if is_whole else cell


def _plain(cell: Any) -> Any:
    """Return a cell of a further column as number or text: dates as year-month-day, other types of Excel as text."""
    if cell is None or isinstance(cell, (str, float)):
        return cell
    if isinstance(cell, datetime) and cell.time() == time.min:
        cell = cell.date()
    return cell.isoformat() if isinstance(cell, date) else str(cell).upper()


def _numbers_if_all(cells: list[Any]) -> list[Any]:
    """Return the cells as numbers if each cell that is not missing is a number, else all as text."""
    known = [cell for cell in cells if cell is not None]
    if all(isinstance(cell, float) or (NUMBER.fullmatch(cell) and not CODE.fullmatch(cell)) for cell in known):
        return [cell if cell is None else float(cell) for cell in cells]
    return [str(_text(cell)) if isinstance(cell, float) else cell for cell in cells]
