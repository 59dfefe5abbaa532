"""List faults of single cells: values that do not fit the schema of the column, or that a program changed."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, time
from typing import Any

from ichdag.cohort.sheet import MISSING_WORDS, SERIES, Sheet, column_schema
from ichdag.cohort.validation.fault_table import Fault, format_rows, format_values
from ichdag.number_format import format_plain

PROGRAM_ERROR = re.compile(r"#(N/A|[A-Z_]+(/0)?[!?])|Err:\d{3}")  # of Excel and of LibreOffice
ESCAPED = re.compile(r"_x00[01][0-9A-Fa-f]_")  # code for a line break or another control character in a workbook
INVISIBLE = {"Cc", "Cf", "Zl", "Zp", "Cs"}  # Unicode categories of characters without width
JOINERS = "\u200c\u200d"  # used in Persian, Hindi and other languages
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
MEASURED = re.compile(r"[<>~=≥≤]*\s*([+-]?\d+(?:\.\d+)?)\s*\D*")
MAX_ID_LENGTH = 64  # a file name may have 255 characters
REPEATED_ENDING = re.compile(r"(.{1,3})\1{19}$")
REQUIRED_CELLS = ("participant_id", "cohort", "role")
SYNONYMS = {
    "sex": {"female": "F", "f": "F", "w": "F", "woman": "F", "male": "M", "m": "M", "man": "M"},
    "role": {
        **{"dev": "development", "train": "development", "training": "development", "internal": "development"},
        **{"test": "external", "testing": "external", "validation": "external", "ext": "external"},
        **{"predict": "prediction", "new": "prediction"},
    },
}

Problem = tuple[str, str]  # what is wrong (follows the value in the message), and what to do


def cell_faults(sheet: Sheet) -> Iterator[Fault]:
    """Yield the faults of the cells, those of one kind in one column together."""
    for name in sheet.rows[0]:
        if name:
            yield from _column_faults(sheet, name)
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        if row.get(""):
            finding = f"{format_values(row[''])} where the header names no column"
            yield Fault(f"row {number}", finding, "Remove the cells, or give their column a name")


def _column_faults(sheet: Sheet, name: str) -> Iterator[Fault]:
    schema = column_schema(name)
    problem_of: dict[Any, Problem | None] = {}
    cells = [row[name] for row in sheet.rows]
    kinds: dict[str, list[tuple[int, Any, str]]] = {}
    is_numeric = not schema and _is_numeric_but_for_spelling(cells)
    for number, cell in zip(sheet.numbers, cells, strict=True):
        if cell is None and name not in REQUIRED_CELLS:
            continue
        if cell not in problem_of:
            problem_of[cell] = _problem(name, cell, schema) if schema else _problem_of_further(cell, is_numeric)
        problem = problem_of[cell]
        if problem:
            kind, cure = problem
            kinds.setdefault(kind, []).append((number, cell, cure))
    for kind, faulty in kinds.items():
        numbers, values, cures = zip(*faulty, strict=True)
        where = f"{format_rows(numbers)}, column {name}"
        more = ", and so on" if len(set(cures)) > 1 else ""
        yield Fault(where, kind if values[0] is None else f"{format_values(values)} {kind}", cures[0] + more)


def _problem(name: str, cell: Any, schema: dict[str, Any]) -> Problem | None:
    """Return what is wrong with a cell of a known column; None if nothing is."""
    if cell is None:
        return "is missing", f"Write {', '.join(schema.get('enum', ())) or schema['description']}"
    problem = _problem_of_program(cell)
    if problem:
        return problem
    if isinstance(cell, str) and cell.lower() in MISSING_WORDS:
        return "stands for a missing value", "Write n/a"
    if name == "participant_id":
        return _problem_of_id(cell, schema)
    if schema.get("type") == "number" and not isinstance(cell, float):
        return _problem_of_number(cell, schema)
    if name in SERIES.values() and isinstance(cell, float):
        return "is a number that no series has", "Write its SeriesNumber, or words of its SeriesDescription"
    if schema.get("type") == "string" and not isinstance(cell, str):
        return "is a number where text should be", "Format the column as text in Excel and type the cell again"
    return _problem_of_value(name, cell, schema)


def _problem_of_program(cell: Any) -> Problem | None:
    """Return what a spreadsheet program or an open quotation mark did to a cell; None if nothing."""
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
    if code := ESCAPED.search(cell):
        return f"has {code[0]}, which stands for a character that is not seen", "Remove it"
    signs = (sign for sign in cell if unicodedata.category(sign) in INVISIBLE and sign not in JOINERS)
    if sign := next(signs, None):
        return f"has a character that is not seen (U+{ord(sign):04X})", "Type the cell again"
    return None


def _problem_of_id(cell: Any, schema: dict[str, Any]) -> Problem | None:
    if isinstance(cell, str) and re.search(schema["pattern"], cell):
        return None
    if not isinstance(cell, str):
        return (
            "is a number: Excel drops leading zeros of such ids",
            f"Format the column as text and write sub-{format_plain(cell)}, or with the zeros it had",
        )
    letters = re.sub(r"[^A-Za-z0-9]", "", re.sub(r"^sub[-_ ]*", "", cell, flags=re.IGNORECASE))
    if len(letters) > MAX_ID_LENGTH:
        return f"has more than {MAX_ID_LENGTH} letters or digits: files are named after it", "Write a shorter id"
    if REPEATED_ENDING.search(letters):
        return "ends in the same characters 20 times, which Snakemake takes for an endless name", "Write another id"
    return "is not sub- and letters or digits", f"Write sub-{letters or '001'}"


def _problem_of_number(cell: Any, schema: dict[str, Any]) -> Problem:
    unit = f" ({schema['unit']})" if "unit" in schema else ""
    if isinstance(cell, str) and DECIMAL_COMMA.fullmatch(cell):
        return "has a decimal comma", f"Write {cell.replace(',', '.')}"
    measured = MEASURED.fullmatch(cell) if isinstance(cell, str) else None
    cure = f"Write {measured[1]}" if measured else f"Write a number{unit} or n/a"
    return "is not a number", f"{cure}. Expected: {schema['description']}"


def _problem_of_value(name: str, cell: Any, schema: dict[str, Any]) -> Problem | None:
    """Return what is wrong with the value of a cell of the right type: `enum`, `pattern` and limits of the schema."""
    expected = f"Expected: {schema['description']}"
    if "enum" in schema and cell not in schema["enum"]:
        choices = ", ".join(map(str, schema["enum"]))
        meanings = {str(choice).lower(): choice for choice in schema["enum"]} | SYNONYMS.get(name, {})
        guess = meanings.get(str(cell).lower())
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


def _problem_of_further(cell: Any, is_numeric: bool) -> Problem | None:
    """Return what is wrong with a cell of a further column, which is text unless all its cells are numbers."""
    problem = _problem_of_program(cell)
    if problem or not is_numeric:
        return problem
    if DECIMAL_COMMA.fullmatch(cell):
        return "has a decimal comma in a column of numbers", f"Write {cell.replace(',', '.')}"
    return ("stands for a missing value in a column of numbers", "Write n/a") if _is_missing_word(cell) else None


def _is_numeric_but_for_spelling(cells: list[Any]) -> bool:
    """Tell whether a text column would have only numbers without its decimal commas and words for missing."""
    known = [cell for cell in cells if cell is not None and not _is_missing_word(cell)]
    if not known or not all(isinstance(cell, str) for cell in known):
        return False
    return all(re.fullmatch(r"[+-]?\d+([.,]\d+)?", cell) for cell in known)


def _is_missing_word(cell: Any) -> bool:
    return isinstance(cell, str) and cell.lower() in MISSING_WORDS
