"""Tables as they are read: rounded, named in words, missing cells as a dash."""

import re
from dataclasses import dataclass, field

import pandas as pd

from ichdag.figures.names import classifier_name, features_name, fold_name, metric_name, outcome_name

DASH = "–"
NAMES = {
    "outcome": outcome_name,
    "classifier": classifier_name,
    "fold": fold_name,
    "metric": metric_name,
    "block": features_name,
}
P_VALUE = re.compile(r"^p$|^p_|_p$|pvalue|p_value|bonferroni|holm|benjamini|fdr|^bh$")
WHOLE = re.compile(r"^n$|^n_|positives|rank$|component|bin$|slice|rounds")


@dataclass(frozen=True)
class Table:
    """A table to show: name (its anchor), title, caption, header, rows of text, which columns hold numbers."""

    name: str
    title: str
    caption: str
    header: list[str]
    rows: list[list[str]]
    numeric: list[bool] = field(default_factory=list)


def rounded(value: object, digits: int = 2) -> str:
    """A number with fixed decimals; a dash where it is missing."""
    return DASH if pd.isna(value) else f"{value:.{digits}f}".replace("-", "−")


def interval(value: object, low: object, high: object, digits: int = 2) -> str:
    """A number with its confidence interval, which is left out where it is not known."""
    if pd.isna(low) or pd.isna(high):
        return rounded(value, digits)
    return f"{rounded(value, digits)} ({rounded(low, digits)} to {rounded(high, digits)})"


def p_value(value: object) -> str:
    """A p-value as journals print it."""
    if pd.isna(value):
        return DASH
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def cell(value: object, column: str) -> str:
    """One cell of a table, by the kind of its value and the name of its column."""
    if pd.isna(value):
        return DASH
    if isinstance(value, str):
        if column.startswith("features"):
            return features_name(value)
        return NAMES[column](value) if column in NAMES else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if P_VALUE.search(column):
        return p_value(value)
    if WHOLE.search(column) and float(value).is_integer():
        return f"{value:.0f}"
    return f"{value:.0f}".replace("-", "−") if abs(value) >= 1000 else f"{value:.3g}".replace("-", "−")


def heading(column: str) -> str:
    """The header of a column."""
    words = column.replace("_", " ")
    return words if column in ("n", "p") else words[:1].upper() + words[1:]


def as_table(frame: pd.DataFrame, *, name: str, title: str, caption: str) -> Table:
    """Any table, column by column, as it is read."""
    rows = [[cell(value, column) for column, value in zip(frame.columns, row)] for row in frame.itertuples(index=False)]
    numeric = [pd.api.types.is_numeric_dtype(frame[column]) for column in frame]
    return Table(name, title, caption, [heading(column) for column in frame], rows, numeric)
