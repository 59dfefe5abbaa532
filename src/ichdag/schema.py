"""Schemas: what a table between stages holds, column by column. Each stage keeps its own in its module `schemas`."""

import math
from dataclasses import dataclass
from typing import TypedDict


@dataclass(frozen=True)
class Column:
    """One column: name, meaning, kind (text or number), unit, range, allowed values, whether cells may be missing."""

    name: str
    meaning: str
    kind: str = "text"
    unit: str = ""
    range: tuple[float, float] = (-math.inf, math.inf)
    values: tuple[str | float, ...] = ()
    missing: bool = False
    optional: bool = False


class NumberOptions(TypedDict, total=False):
    """Arguments of `number` that several columns share, such as those of every AUC."""

    low: float
    high: float
    missing: bool
    optional: bool


def number(
    name: str,
    meaning: str,
    unit: str = "",
    low: float = -math.inf,
    high: float = math.inf,
    *,
    values: tuple[float, ...] = (),
    missing: bool = False,
    optional: bool = False,
) -> Column:
    """Create a column of numbers within [low, high]."""
    return Column(name, meaning, "number", unit, (low, high), values, missing, optional)


@dataclass(frozen=True)
class Schema:
    """One table: its name, and its columns in their order."""

    name: str
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> list[str]:
        """The names of its columns, in their order."""
        return [column.name for column in self.columns]
