"""The participants sheet: tab-separated, BIDS habits (sub- ids, n/a for missing, 89+ for the oldest)."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ichdag.jobs import StudyError

SCHEMA = Path(__file__).parents[3] / "config" / "schemas" / "participants.schema.json"
FILES = ("baseline_ct", "followup_ct", "baseline_mask", "followup_mask")

Row = dict[str, Any]


def read_sheet(path: str | Path) -> list[Row]:
    """Read the sheet as one dict a row: numbers as float, n/a as None, file paths made relative to the sheet's folder.

    A cell that is not what its column should be stays text, for the validation to name. Raises StudyError if the file
    is missing, empty or not text.
    """
    path = Path(path)
    if not path.is_file():
        raise StudyError(
            f"participants sheet {path} not found: copy resources/participants.tsv and fill it in, or draw a synthetic "
            "cohort first (target 'phantom'), or name another sheet in config: participants"
        )
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"]
    numbers = {name for name, column in schema.items() if column.get("type") == "number"}
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t", restkey="", restval="n/a"))
    except UnicodeDecodeError as error:
        raise StudyError(f"participants sheet {path} is not UTF-8 text: save it as tab-separated UTF-8") from error
    if not rows:
        raise StudyError(f"participants sheet {path} has no rows: write a header and one row for each participant")
    return [{name: _cell(name, text, numbers, path.parent) for name, text in row.items()} for row in rows]


def _cell(name: str, text: Any, numbers: set[str], folder: Path) -> Any:
    if not isinstance(text, str) or text.strip() in ("n/a", ""):
        return None if isinstance(text, str) else text
    text = text.strip()
    if name in FILES:
        return str(folder / text)
    if name in numbers or name.startswith("oracle_"):
        return _number(text.removesuffix("+") if name == "age" else text)
    return text


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def subject_of(row: Row) -> str:
    """The participant's id without the prefix sub-."""
    return str(row["participant_id"]).removeprefix("sub-")


def typed_columns(rows: Iterable[Row]) -> dict[str, list[Any]]:
    """Columns of the sheet: further columns become numbers where every known cell is one."""
    rows = list(rows)
    columns = {name: [row.get(name) for row in rows] for name in rows[0]} if rows else {}
    for name, cells in columns.items():
        parsed = [_number(cell) if isinstance(cell, str) else cell for cell in cells]
        if name not in FILES and not any(isinstance(cell, str) for cell in parsed):
            columns[name] = parsed
    return columns
