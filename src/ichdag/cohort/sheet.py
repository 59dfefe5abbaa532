"""The participants sheet: tsv, csv or xlsx with BIDS habits (sub- ids, n/a for missing, 89+ for the oldest)."""

import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache, reduce
from pathlib import Path
from typing import Any

from ichdag.cohort.spreadsheets import read_cells
from ichdag.cohort.workbooks import Record
from ichdag.jobs import StudyError
from ichdag.number_format import CODE, LARGEST_EXACT, NUMBER

SCHEMA = Path(__file__).parents[3] / "config" / "schemas" / "participants.schema.json"
FILES = ("baseline_ct", "followup_ct", "baseline_mask", "followup_mask")
DRAWN_HERE = (
    "phantom/"  # originals that this workflow draws itself: Snakemake is told of these by name, and of no others
)
SERIES = {"baseline_ct": "baseline_series", "followup_ct": "followup_series"}
MISSING_WORDS = frozenset(
    ("n/a", "na", "n.a.", "n.a", "nan", "#n/a", "null", "none", "nil", "missing", "unknown", "-", "--", ".", "?")
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Sheet:
    """The sheet as read: its path, its header as written, and its rows with their numbers in the file.

    What stands beyond the header, or under a column without a name, is kept in a row under the name "".
    """

    path: Path
    header: tuple[str, ...]
    numbers: tuple[int, ...]
    rows: list[Row]


@lru_cache
def sheet_schema() -> dict[str, Any]:
    """The schema of a row of the sheet."""
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def known_columns() -> dict[str, dict[str, Any]]:
    """The columns of the sheet that have a meaning, each with its schema; further columns are kept."""
    return sheet_schema()["properties"]


def column_schema(name: str) -> dict[str, Any]:
    """The schema of a column; empty for a further one."""
    patterns = sheet_schema()["patternProperties"].items()
    return known_columns().get(name) or next((schema for pattern, schema in patterns if re.search(pattern, name)), {})


def read_sheet(path: str | Path) -> Sheet:
    """Read the sheet: numbers as float, n/a and empty cells as None, file paths relative to the sheet's folder.

    A cell that is not what its column should be stays as it is, for the validation to name. A further column is
    numbers where each of its cells is one, else text. Raises StudyError if the file is missing, empty or unreadable.
    """
    path = Path(path)
    if not path.is_file():
        raise StudyError(
            f"participants sheet {path} not found: copy resources/participants.tsv and fill it in, or draw a synthetic "
            "cohort first (target 'phantom'), or name another sheet in config: participants"
        )
    return sheet_of(path, read_cells(path))


def sheet_of(path: Path, records: list[Record]) -> Sheet:
    """The sheet of a file whose rows have been read, header first. Raises StudyError if the header stands alone."""
    if len(records) < 2:
        raise StudyError(f"participants sheet {path} has no rows: write a header and one row for each participant")
    header = [_name(cell) for cell in records[0][1]]
    width = max(len(cells) for _, cells in records)
    columns: dict[str, list[Any]] = {}
    strangers: list[list[Any]] = []
    for position in range(width):
        cells = [cells[position] if position < len(cells) else None for _, cells in records[1:]]
        name = header[position] if position < len(header) else ""
        if name and name not in columns:
            columns[name] = _column(name, cells, path.parent)
        elif not name:
            strangers.append(_column("", cells, path.parent))
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    for row, extra in zip(rows, zip(*strangers, strict=True), strict=False):
        if any(cell is not None for cell in extra):
            row[""] = [cell for cell in extra if cell is not None]
    while header and not header[-1]:
        header.pop()
    return Sheet(path, tuple(header), tuple(number for number, _ in records[1:]), rows)


def subject_of(row: Row) -> str:
    """The participant's id without the prefix sub-."""
    return str(row["participant_id"]).removeprefix("sub-")


def drawn_here(row: Row) -> dict[str, str]:
    """Those of a participant's originals, by column, that this workflow draws itself."""
    return {column: path for column in FILES if (path := row.get(column) or "").startswith(DRAWN_HERE)}


def persons_of(rows: Iterable[Row]) -> dict[str, str]:
    """The person behind each subject whose row has a person_id: one person may be several participants."""
    return {subject_of(row): row["person_id"] for row in rows if row.get("person_id")}


def shared_persons(rows: Iterable[Row]) -> dict[str, str]:
    """The person behind each subject, as far as one person is several subjects."""
    persons = persons_of(rows)
    counts = Counter(persons.values())
    return {subject: person for subject, person in persons.items() if counts[person] > 1}


def typed_columns(rows: Iterable[Row]) -> dict[str, list[Any]]:
    """Columns of the sheet: further columns become numbers where every known cell is one."""
    rows = list(rows)
    columns = {name: [row.get(name) for row in rows] for name in rows[0]} if rows else {}
    return {name: cells if name in known_columns() else _numbers_if_all(cells) for name, cells in columns.items()}


def _name(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _column(name: str, cells: list[Any], folder: Path) -> list[Any]:
    """The cells of one column, each as its schema wants it where it can be."""
    schema = column_schema(name)
    cells = [_without_blanks(cell) for cell in cells]
    if name in FILES:
        return [_path(cell, folder) if isinstance(cell, str) else cell for cell in cells]
    if schema.get("type") == "number":
        cells = [cell.removesuffix("+").strip() if name == "age" and _is_age(cell) else cell for cell in cells]
        return [_number(cell) for cell in cells]
    if name in SERIES.values():
        cells = [_number(cell) for cell in cells]  # a file of numbers with missing ones writes 3 as 3.0
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
    """The path of a file, with letters such as ü as its disk has them: as one character, or as u and its dots."""
    if text.lower() in MISSING_WORDS:
        return text
    whole = folder / text
    return str(whole if text.isascii() or os.path.exists(whole) else reduce(_as_spelled, Path(text).parts, folder))


def _as_spelled(folder: Path, name: str) -> Path:
    """The one of a folder that has this name, however its letters are composed."""
    forms = [name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))]
    return next((folder / form for form in forms if os.path.exists(folder / form)), folder / name)


def _number(cell: Any) -> Any:
    return float(cell) if isinstance(cell, str) and NUMBER.fullmatch(cell) else cell


def _text(cell: Any) -> Any:
    """Text of what Excel took for a whole number, such as a series number; other cells as they are."""
    whole = isinstance(cell, float) and cell.is_integer() and abs(cell) < LARGEST_EXACT
    return str(int(cell)) if whole else cell


def _plain(cell: Any) -> Any:
    """A cell of a further column as number or text: dates as year-month-day, what Excel has beyond that as text."""
    if cell is None or isinstance(cell, (str, float)):
        return cell
    if isinstance(cell, datetime) and cell.time() == time.min:
        cell = cell.date()
    return cell.isoformat() if isinstance(cell, date) else str(cell).upper()


def _numbers_if_all(cells: list[Any]) -> list[Any]:
    """The cells as numbers if each that is not missing is one; else all as text."""
    known = [cell for cell in cells if cell is not None]
    if all(isinstance(cell, float) or (NUMBER.fullmatch(cell) and not CODE.fullmatch(cell)) for cell in known):
        return [cell if cell is None else float(cell) for cell in cells]
    return [str(_text(cell)) if isinstance(cell, float) else cell for cell in cells]
