"""Faults of the settings and the sheet of a study, and their table in the error message."""

import shutil
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from ichdag.jobs import StudyError
from ichdag.number_format import format_plain

HEADINGS = ("no.", "where", "found", "what to do")
SHARES = (0.26, 0.36, 0.38)
MIN_WIDTH = 60  # characters
DEFAULT_WIDTH = 120
INDENT = 6  # added by the message of a failed run
MAX_RANGES = 8


@dataclass(frozen=True)
class Fault:
    """One fault: where it is (file, row, column or key), the finding, and what to do."""

    where: str
    finding: str
    cure: str

    def __str__(self) -> str:
        return f"{self.where}: {self.finding}. {self.cure}"


def format_rows(numbers: Iterable[int]) -> str:
    """Format row numbers for a message: 'row 3', 'rows 2-14, 20'."""
    ordered = sorted(set(numbers))
    ranges: list[list[int]] = []
    for number in ordered:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    names = [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
    if len(names) > MAX_RANGES + 1:
        names = [*names[:MAX_RANGES], f"... to {ordered[-1]} ({len(ordered)} rows)"]
    return f"row{'s' if len(ordered) > 1 else ''} {', '.join(names)}"


def format_values(values: Iterable[object], shown: int = 3) -> str:
    """Format the first few distinct values in quotes, and how many more there are."""
    distinct = list(
        dict.fromkeys(f"'{format_plain(value) if isinstance(value, float) else value}'" for value in values)
    )
    more = f" and {len(distinct) - shown} more" if len(distinct) > shown else ""
    return ", ".join(distinct[:shown]) + more


def format_faults(faults: list[Fault], width: int | None = None) -> str:
    """Format the faults as an aligned table, wrapped to `width` characters (by default the width of the terminal)."""
    width = max(MIN_WIDTH, width or shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns - INDENT)
    first = max(len(HEADINGS[0]), len(str(len(faults))))
    gaps = 2 * (len(HEADINGS) - 1)
    widths = [first, *(int((width - first - gaps) * share) for share in SHARES)]
    rows = [(str(number), fault.where, fault.finding, fault.cure) for number, fault in enumerate(faults, start=1)]
    lines = [_line(HEADINGS, widths), _line(["-" * size for size in widths], widths)]
    for row in rows:
        wrapped = [textwrap.wrap(cell, size) or [""] for cell, size in zip(row, widths, strict=True)]
        height = max(map(len, wrapped))
        padded = [cell + [""] * (height - len(cell)) for cell in wrapped]
        lines += [_line(cells, widths) for cells in zip(*padded, strict=True)]
    return "\n".join(lines)


def raise_faults(faults: list[Fault]) -> None:
    """Raise a StudyError with the table of all faults, if there are any."""
    if faults:
        many = f"{len(faults)} faults" if len(faults) > 1 else "1 fault"
        raise StudyError(f"{many} in the study's settings or sheet; nothing was run\n{format_faults(faults)}")


def _line(cells: Iterable[str], widths: list[int]) -> str:
    return "  ".join(cell.ljust(size) for cell, size in zip(cells, widths, strict=True)).rstrip()
