"""Tables between stages: read and written through their schema, tab-separated with n/a, or parquet."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from ichdag.file_errors import DamagedResult, damaged_result_on_error
from ichdag.jobs import StudyError, atomic_write
from ichdag.number_format import CODE, LARGEST_EXACT
from ichdag.schema import Column, Schema

LARGEST_ROUNDED = 1e9  # above it, ten significant digits would leave no fraction
# Excel and LibreOffice compute a cell that begins so (Japanese ones also the wide forms), wherever it comes from.
FORMULA = re.compile(r"'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")


def escape_formula(cell: Any) -> Any:
    """Put ' before a cell, or a column's name, that begins as a formula, so that no spreadsheet computes it."""
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell


def unescape_formula(cell: Any) -> Any:
    """Undo `escape_formula`."""
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and FORMULA.match(cell[1:]) else cell


def read_table(path: str | Path, schema: Schema) -> pd.DataFrame:
    """Read a table (.tsv or .parquet) and check it. Raises DamagedResult naming every fault.

    A .tsv that was cut between two lines cannot be told from a whole one.
    """
    with damaged_result_on_error(path):
        if Path(path).suffix == ".parquet":
            frame = pd.read_parquet(path, page_checksum_verification=True)
        else:
            frame = _cell_by_cell(_parsed(Path(path).read_bytes(), schema), unescape_formula)
    try:
        return _checked(frame, schema, path)
    except StudyError as error:
        raise DamagedResult(path, error) from error


def _parsed(content: bytes, schema: Schema) -> pd.DataFrame:
    """Parse the table of a .tsv; a column beyond the schema with codes of digits, such as 007, is text."""
    if not content.endswith(b"\n"):
        raise ValueError("its last line has no end")
    kinds = {column.name: "string" for column in schema.columns if column.kind == "text"}
    how = {"sep": "\t", "na_values": ["n/a"], "keep_default_na": False}
    further = set(pd.read_csv(BytesIO(content), nrows=0, **how)) - set(schema.column_names)
    if further:
        texts = pd.read_csv(BytesIO(content), usecols=sorted(further), dtype="string", **how)
        kinds |= {name: "string" for name in texts if texts[name].str.fullmatch(CODE).any()}
    return pd.read_csv(BytesIO(content), dtype=kinds, **how)


def write_table(frame: pd.DataFrame, path: str | Path, schema: Schema) -> None:
    """Check a table and write it whole (.tsv or .parquet). Raises StudyError naming every fault.

    In a .tsv, which people open as a spreadsheet, texts are `escape_formula`; `read_table` takes that back. Numbers of
    columns beyond the schema, which are somebody else's, are read back as they were; others have ten digits.
    """
    frame = _checked(frame, schema, path)
    with atomic_write(path) as partial:
        if Path(path).suffix == ".parquet":
            frame.to_parquet(partial, index=False, write_page_checksum=True)
        else:
            text = _exact(_cell_by_cell(frame, escape_formula), schema)
            text.to_csv(partial, sep="\t", index=False, na_rep="n/a", float_format=_digits)


def _exact(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return the table with fractions of columns beyond the schema as text with all their digits."""
    further = [name for name in frame if name not in schema.column_names and pd.api.types.is_float_dtype(frame[name])]
    return frame.assign(**{name: frame[name].astype(object).map(_all_digits, na_action="ignore") for name in further})


def _cell_by_cell(frame: pd.DataFrame, change: Any) -> pd.DataFrame:
    """Return the table with the names of its columns and its cells of text changed."""
    texts = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    changed = {name: frame[name].map(change, na_action="ignore").astype(frame[name].dtype) for name in texts}
    return frame.assign(**changed).rename(columns=change)


def _digits(value: float) -> str:
    """Format a number for a .tsv: whole and large numbers, which may be codes, with all digits; others with ten."""
    return f"{value:.10g}" if abs(value) < LARGEST_ROUNDED and not float(value).is_integer() else _all_digits(value)


def _all_digits(value: float) -> str:
    """Format a number so that it is read back unchanged."""
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < LARGEST_EXACT else repr(float(value))


def _checked(frame: pd.DataFrame, schema: Schema, path: str | Path) -> pd.DataFrame:
    """Return the table with its columns in schema order, further columns after them. Raises StudyError for faults."""
    columns = schema.columns
    missing = [column.name for column in columns if column.name not in frame and not column.optional]
    if missing:
        raise StudyError(
            f"{path}: table '{schema.name}' lacks the columns {', '.join(missing)}; found {', '.join(frame)}"
        )
    present = [column for column in columns if column.name in frame]
    faults = [fault for column in present for fault in _column_faults(frame[column.name], column)]
    if faults:
        raise StudyError(f"{path}: table '{schema.name}' breaks its schema:\n  " + "\n  ".join(map(str, faults)))
    names = [column.name for column in present]
    frame = frame[names + [name for name in frame if name not in names]]
    texts = {column.name: "string" for column in present if column.kind == "text"}
    return frame.astype(texts).reset_index(drop=True)


def _column_faults(series: pd.Series, column: Column) -> list[StudyError]:
    """List the faults of one column: missing cells that are not allowed, a wrong type, values out of range."""
    faults = []
    if not column.missing and series.isna().any():
        faults.append(StudyError(f"{column.name}: {int(series.isna().sum())} missing cells, none allowed"))
    known = series.dropna()
    if column.kind != "text":
        numbers = pd.to_numeric(known, errors="coerce")
        if numbers.isna().any():
            faults.append(StudyError(f"{column.name}: '{known[numbers.isna()].iloc[0]}' is not a number"))
        low, high = column.range
        outside = numbers[(numbers < low) | (numbers > high)]
        if len(outside):
            faults.append(
                StudyError(f"{column.name}: {outside.iloc[0]} is outside [{low}, {high}] {column.unit}".rstrip())
            )
    if column.values and not known.isin(column.values).all():
        stranger = known[~known.isin(column.values)].iloc[0]
        faults.append(StudyError(f"{column.name}: '{stranger}' is not one of {', '.join(map(str, column.values))}"))
    return faults
