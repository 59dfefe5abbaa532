"""Format tables for readers: rounded, named in words, missing cells as a dash."""

import re
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ichdag.figures.display_names import classifier_name, features_name, fold_name, metric_name, outcome_name
from ichdag.number_format import format_plain

DASH = "–"
NAMES = {
    "outcome": outcome_name,
    "classifier": classifier_name,
    "fold": fold_name,
    "metric": metric_name,
    "block": features_name,
    "classifier_reference": classifier_name,
}
HEADINGS = {
    "p_bonferroni": "p (Bonferroni)",
    "p_holm": "p (Holm)",
    "p_bh": "p (Benjamini-Hochberg)",
    "smallest_reachable_p": "smallest possible p",
    "kendall_w": "Kendall's W",
    "auc": "AUC",
    "auc_lost": "AUC lost when exchanged",
    "auc_reference": "AUC of reference",
    "auc_women": "AUC in women",
    "auc_men": "AUC in men",
    "smd": "SMD",
    "p_interaction": "p (interaction)",
    "hd95_mm": "HD95 (mm)",
    "statistic": "test statistic",
}
P_VALUE = re.compile(r"^p$|^p_|_p$")
WHOLE = re.compile(r"^n$|^n_|positives|rank$|component|treatments|blocks|nonzero|folds|^fitted$|^scored$|^shared$")


@dataclass(frozen=True)
class Table:
    """A table to show: name (its anchor), title, caption, header, rows of text, which columns hold numbers."""

    name: str
    title: str
    caption: str
    header: list[str]
    rows: list[list[str]]
    numeric: list[bool] = field(default_factory=list)


def format_number(value: Any, digits: int = 2) -> str:
    """Format a number with fixed decimals; a dash if it is missing."""
    return DASH if pd.isna(value) else f"{value:.{digits}f}".replace("-", "−")


def format_interval(value: Any, low: Any, high: Any, digits: int = 2) -> str:
    """Format a number with its confidence interval, if that is known."""
    if pd.isna(low) or pd.isna(high):
        return format_number(value, digits)
    join = "–" if low >= 0 else " to "
    return f"{format_number(value, digits)} ({format_number(low, digits)}{join}{format_number(high, digits)})"


def format_p(value: Any) -> str:
    """Format a p-value as journals do."""
    if pd.isna(value):
        return DASH
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def format_cell(value: Any, column: str) -> str:
    """Format one cell of a table, by the type of its value and the name of its column."""
    if pd.isna(value):
        return DASH
    if isinstance(value, str):
        if column in ("features", "features_reference", "first", "second"):
            return features_name(value)
        return NAMES[column](value) if column in NAMES else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if P_VALUE.search(column):
        return format_p(value)
    if WHOLE.search(column) and float(value).is_integer():
        return f"{value:.0f}"
    return format_plain(value, 3).replace("-", "−")


def column_title(column: str) -> str:
    """Name the header of a column."""
    words = HEADINGS.get(column, column.replace("_", " "))
    return words if P_VALUE.search(column) or column == "n" else words[:1].upper() + words[1:]


def make_table(frame: pd.DataFrame, *, name: str, title: str, caption: str, columns: list[str] | None = None) -> Table:
    """Format a table with these columns (all by default), without empty ones.

    A column 'value:low:high' is a value with its interval.
    """
    wanted = [spec.split(":") for spec in columns or list(frame)]
    wanted = [parts for parts in wanted if parts[0] in frame and frame[parts[0]].notna().any()]
    texts = [_column_texts(frame, parts) for parts in wanted]
    numeric = [pd.api.types.is_numeric_dtype(frame[parts[0]]) for parts in wanted]
    rows = [list(row) for row in zip(*texts, strict=True)]
    return Table(name, title, caption, [column_title(parts[0]) for parts in wanted], rows, numeric)


def _column_texts(frame: pd.DataFrame, parts: list[str]) -> list[str]:
    """Format the cells of one column, or of a column with its interval."""
    if len(parts) == 1:
        return [format_cell(value, parts[0]) for value in frame[parts[0]]]
    return [format_interval(*row) for row in frame[parts].itertuples(index=False, name=None)]
