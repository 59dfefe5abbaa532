"""Faults of a study's set-up, told all at once as a table."""

import shutil
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from ichdag.jobs import StudyError
from ichdag.number_format import format_plain

HEADINGS = ("no.", "where", "found", "what to do")
SHARES = (0.26, 0.36, 0.38)
NARROWEST, FALLBACK, INDENT = 60, 120, 6  # characters; the indent is what the message of a failed run adds
RANGES_SHOWN = 8


@dataclass(frozen=True)
class Fault:
    """One fault: where it is (file, row, column or key), what was found, what to do."""

    where: str
    found: str
    cure: str

    def __str__(self) -> str:
        return f"{self.where}: {self.found}. {self.cure}"


def rows_named(numbers: Iterable[int]) -> str:
    """Row numbers as a person would say them: 'row 3', 'rows 2-14, 20'."""
    ordered = sorted(set(numbers))
    ranges: list[list[int]] = []
    for number in ordered:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    names = [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
    if len(names) > RANGES_SHOWN + 1:
        names = [*names[:RANGES_SHOWN], f"... to {ordered[-1]} ({len(ordered)} rows)"]
    return f"row{'s' if len(ordered) > 1 else ''} {', '.join(names)}"


def values_named(values: Iterable[object], shown: int = 3) -> str:
    """The first few distinct values in quotes, and how many more there are."""
    distinct = list(
        dict.fromkeys(f"'{format_plain(value) if isinstance(value, float) else value}'" for value in values)
    )
    more = f" and {len(distinct) - shown} more" if len(distinct) > shown else ""
    return ", ".join(distinct[:shown]) + more


def table_of(faults: list[Fault], width: int | None = None) -> str:
    """The faults as an aligned table, wrapped to `width` characters (the terminal's, if not given)."""
    width = max(NARROWEST, width or shutil.get_terminal_size((FALLBACK, 24)).columns - INDENT)
    first = max(len(HEADINGS[0]), len(str(len(faults))))
    gaps = 2 * (len(HEADINGS) - 1)
    widths = [first, *(int((width - first - gaps) * share) for share in SHARES)]
    rows = [(str(number), fault.where, fault.found, fault.cure) for number, fault in enumerate(faults, start=1)]
    lines = [_line(HEADINGS, widths), _line(["-" * size for size in widths], widths)]
    for row in rows:
        wrapped = [textwrap.wrap(cell, size) or [""] for cell, size in zip(row, widths, strict=True)]
        height = max(map(len, wrapped))
        padded = [cell + [""] * (height - len(cell)) for cell in wrapped]
        lines += [_line(cells, widths) for cells in zip(*padded, strict=True)]
    return "\n".join(lines)


def refuse(faults: list[Fault]) -> None:
    """Raise one StudyError with the table of all faults, if there are any."""
    if faults:
        many = f"{len(faults)} faults" if len(faults) > 1 else "1 fault"
        raise StudyError(f"{many} in the study's settings or sheet; nothing was run\n{table_of(faults)}")


def _line(cells: Iterable[str], widths: list[int]) -> str:
    return "  ".join(cell.ljust(size) for cell, size in zip(cells, widths, strict=True)).rstrip()
