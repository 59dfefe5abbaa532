"""Faults of single cells: not what the schema of their column wants, or what a spreadsheet program made of them."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, time
from typing import Any

from ichdag.cohort.sheet import MISSING_WORDS, SERIES, Row, Sheet, column_schema
from ichdag.cohort.validation.faults import Fault, rows_named, values_named
from ichdag.number_format import format_plain

PROGRAM_ERROR = re.compile(r"#(N/A|[A-Z_]+(/0)?[!?])|Err:\d{3}")  # of Excel and of LibreOffice
ESCAPED = re.compile(r"_x00[01][0-9A-Fa-f]_")  # how a workbook's file says a line break or another control character
UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Cs"}  # kinds of characters that have no width
JOINERS = "\u200c\u200d"  # which Persian, Hindi and others are written with
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
MEASURED = re.compile(r"[<>~=≥≤]*\s*([+-]?\d+(?:\.\d+)?)\s*\D*")
LONGEST_ID = 64  # a file's name has 255 at most
REPEATED = re.compile(r"(.{1,3})\1{19}$")
ALWAYS_GIVEN = ("participant_id", "cohort", "role")
MEANT = {
    "sex": {"female": "F", "f": "F", "w": "F", "woman": "F", "male": "M", "m": "M", "man": "M"},
    "role": {
        **{"dev": "development", "train": "development", "training": "development", "internal": "development"},
        **{"test": "external", "testing": "external", "validation": "external", "ext": "external"},
        **{"predict": "prediction", "new": "prediction"},
    },
}

Trouble = tuple[str, str]  # what is wrong, said after the value; what to do


def cell_faults(sheet: Sheet) -> Iterator[Fault]:
    """Faults of the cells, those of one kind in one column together."""
    for name in sheet.rows[0]:
        if name:
            yield from _column_faults(sheet, name)
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        if row.get(""):
            found = f"{values_named(row[''])} where the header names no column"
            yield Fault(f"row {number}", found, "Remove the cells, or give their column a name")


def _column_faults(sheet: Sheet, name: str) -> Iterator[Fault]:
    schema, known = column_schema(name), {}
    cells = [row[name] for row in sheet.rows]
    kinds: dict[str, list[tuple[int, Any, str]]] = {}
    numeric = not schema and _is_numeric_but_for_spelling(cells)
    for number, cell in zip(sheet.numbers, cells, strict=True):
        if cell is None and name not in ALWAYS_GIVEN:
            continue
        if cell not in known:
            known[cell] = _trouble(name, cell, schema) if schema else _trouble_of_further(cell, numeric)
        if known[cell]:
            kind, cure = known[cell]
            kinds.setdefault(kind, []).append((number, cell, cure))
    for kind, found in kinds.items():
        numbers, values, cures = zip(*found, strict=True)
        where = f"{rows_named(numbers)}, column {name}"
        more = ", and so on" if len(set(cures)) > 1 else ""
        yield Fault(where, kind if values[0] is None else f"{values_named(values)} {kind}", cures[0] + more)


def _trouble(name: str, cell: Any, schema: dict[str, Any]) -> Trouble | None:
    """What is wrong with a cell of a known column."""
    if cell is None:
        return "is missing", f"Write {', '.join(schema.get('enum', ())) or schema['description']}"
    made = _made_by_a_program(cell)
    if made:
        return made
    if isinstance(cell, str) and cell.lower() in MISSING_WORDS:
        return "stands for a missing value", "Write n/a"
    if name == "participant_id":
        return _trouble_of_id(cell, schema)
    if schema.get("type") == "number" and not isinstance(cell, float):
        return _trouble_of_number(cell, schema)
    if name in SERIES.values() and isinstance(cell, float):
        return "is a number that no series has", "Write its SeriesNumber, or words of its SeriesDescription"
    if schema.get("type") == "string" and not isinstance(cell, str):
        return "is a number where text should be", "Format the column as text in Excel and type the cell again"
    return _trouble_of_value(name, cell, schema)


def _made_by_a_program(cell: Any) -> Trouble | None:
    """What a spreadsheet program left in a cell, or a quotation mark swallowed: never a value in any column."""
    if isinstance(cell, (date, time)):
        return "is a date, which Excel makes of what looks like one", "Format the column as text, type the cell again"
    if not isinstance(cell, str):
        return None
    if PROGRAM_ERROR.fullmatch(cell):
        return "is an error of a formula", "Mend the formula, or write n/a"
    if cell.startswith("=") and len(cell) > 1:
        return "is a formula without its value", "Open the file in Excel and save it, or paste values"
    if "\n" in cell or "\r" in cell:
        return "has a line break", "Remove it; if it holds several rows, close the quotation mark it begins with"
    if ESCAPED.search(cell):
        return f"has {ESCAPED.search(cell)[0]}, which stands for a character that is not seen", "Remove it"
    unseen = next((one for one in cell if unicodedata.category(one) in UNSEEN and one not in JOINERS), None)
    return (f"has a character that is not seen (U+{ord(unseen):04X})", "Type the cell again") if unseen else None


def _trouble_of_id(cell: Any, schema: dict[str, Any]) -> Trouble | None:
    if isinstance(cell, str) and re.search(schema["pattern"], cell):
        return None
    if not isinstance(cell, str):
        return (
            "is a number: Excel drops leading zeros of such ids",
            f"Format the column as text and write sub-{format_plain(cell)}, or with the zeros it had",
        )
    letters = re.sub(r"[^A-Za-z0-9]", "", re.sub(r"^sub[-_ ]*", "", cell, flags=re.IGNORECASE))
    if len(letters) > LONGEST_ID:
        return f"has more than {LONGEST_ID} letters or digits: files are named after it", "Write a shorter id"
    if REPEATED.search(letters):
        return "ends in the same characters 20 times, which Snakemake takes for an endless name", "Write another id"
    return "is not sub- and letters or digits", f"Write sub-{letters or '001'}"


def _trouble_of_number(cell: Any, schema: dict[str, Any]) -> Trouble:
    unit = f" ({schema['unit']})" if "unit" in schema else ""
    if isinstance(cell, str) and DECIMAL_COMMA.fullmatch(cell):
        return "has a decimal comma", f"Write {cell.replace(',', '.')}"
    measured = MEASURED.fullmatch(cell) if isinstance(cell, str) else None
    cure = f"Write {measured[1]}" if measured else f"Write a number{unit} or n/a"
    return "is not a number", f"{cure}. Expected: {schema['description']}"


def _trouble_of_value(name: str, cell: Any, schema: dict[str, Any]) -> Trouble | None:
    """What is wrong with the value of a cell whose type is right: `enum`, `pattern` and limits of the schema."""
    expected = f"Expected: {schema['description']}"
    if "enum" in schema and cell not in schema["enum"]:
        choices = ", ".join(map(str, schema["enum"]))
        meant = {str(choice).lower(): choice for choice in schema["enum"]} | MEANT.get(name, {})
        guess = meant.get(str(cell).lower())
        return f"is not one of {choices}", f"Write {guess}" if guess else f"Write one of {choices}, or n/a"
    if "pattern" in schema and not re.search(schema["pattern"], cell):
        return "has characters that it must not have", expected
    if "minimum" in schema and cell < schema["minimum"]:
        return f"is less than {schema['minimum']}", expected
    if "exclusiveMinimum" in schema and cell <= schema["exclusiveMinimum"]:
        return f"is not more than {schema['exclusiveMinimum']}", expected
    if "maximum" in schema and cell > schema["maximum"]:
        return f"is more than {schema['maximum']}", expected
    return None


def _trouble_of_further(cell: Any, numeric: bool) -> Trouble | None:
    """What is wrong with a cell of a further column, which is text unless all of it is numbers."""
    made = _made_by_a_program(cell)
    if made or not numeric:
        return made
    if DECIMAL_COMMA.fullmatch(cell):
        return "has a decimal comma in a column of numbers", f"Write {cell.replace(',', '.')}"
    return ("stands for a missing value in a column of numbers", "Write n/a") if _is_missing_word(cell) else None


def _is_numeric_but_for_spelling(cells: list[Row]) -> bool:
    """Whether a column of text would be one of numbers, were it not for decimal commas and words for missing."""
    known = [cell for cell in cells if cell is not None and not _is_missing_word(cell)]
    if not known or not all(isinstance(cell, str) for cell in known):
        return False
    return all(re.fullmatch(r"[+-]?\d+([.,]\d+)?", cell) for cell in known)


def _is_missing_word(cell: Any) -> bool:
    return isinstance(cell, str) and cell.lower() in MISSING_WORDS
