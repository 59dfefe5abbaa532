"""Find what names a participant: ids and free texts of the sheet, names of originals, texts of their headers.

A text counts if it has 4 characters and something in it is no word of this workflow: its own texts, settings and
captions use scan, baseline and White, and so may a report. Each such word counts by itself too, from 4 letters on (3 in
names of people, of files and in the sheet); numbers do from 5 digits on, UIDs as a whole. Kernels (`H31s`) do not.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from original_texts import MIN_LETTERS_OF_NAME, texts_of

from ichdag.cohort.sheet import FILES, Row, Sheet, column_schema
from ichdag.jobs import StudyError

CODE = Path(__file__).parents[1]
SHOWN = ("cohort", "role", "sex")  # columns whose values the tables of groups are made of
WORD = re.compile(r"[^\W\d_]{3,}|\d{5,}")
TOKEN = re.compile(r"\w{3,}")
KERNEL = re.compile(r"[A-Za-z][a-z]?\d{2}[a-z]?")
DOTTED = re.compile(r"\d+(?:\.\d+)+")
SHORTEST_UID = 4  # numbers with dots between; fewer are decimals, and versions
Values = dict[str, str]  # a value that names somebody, and where it comes from


def find_identifiers(sheet: Sheet, study: Path) -> Values:
    """Return what names a participant, in the sheet and in the headers and names of the originals.

    Raises StudyError, naming row and column, if an original cannot be searched.
    """
    common = common_words()
    values: Values = {}
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        values[str(row["participant_id"])] = f"row {number}, column participant_id"
        for column in row:
            where = f"row {number}, column {column}"
            values = dict.fromkeys(_identifying_words(_cell_texts(row, column, study, where), common), where) | values
        if (person := row.get("person_id")) and not (person.isdigit() and len(person) < 4):
            values[person] = f"row {number}, column person_id"
    return values


@cache
def common_words() -> frozenset[str]:
    """Return the words of this workflow's code, settings, captions and documents."""
    folders = [CODE / name for name in ("src", "workflow", "config", "rules", "docs", "resources")]
    kinds = {".py", ".rst", ".json", ".yaml", ".smk", ".md", ".html", ".tsv"}
    texts = (
        path.read_text("utf-8", "replace") for folder in folders for path in folder.rglob("*") if path.suffix in kinds
    )
    return frozenset(word.lower() for text in texts for word in WORD.findall(text))


def _cell_texts(row: Row, column: str, study: Path, where: str) -> Iterator[tuple[str, int]]:
    """Yield the text of a cell, and the texts of the original that it names, with the fewest letters that count."""
    cell = row[column]
    if not isinstance(cell, str) or column == "participant_id":
        return
    if column in FILES:
        yield cell, MIN_LETTERS_OF_NAME
        yield from ((Path(part).stem, MIN_LETTERS_OF_NAME) for part in Path(cell).parts)
        try:
            yield from texts_of(study / cell)
        except zipfile.BadZipFile:  # nor could the conversion read it
            return
        except OSError as error:
            raise StudyError(
                f"{where}: its original cannot be searched for names ({error.strerror or type(error).__name__}): put "
                "it back to where the sheet says, for what it holds may stand in the results"
            ) from None
    elif column not in SHOWN or not column_schema(column):
        yield cell, MIN_LETTERS_OF_NAME


def _identifying_words(texts: Iterable[tuple[str, int]], common: frozenset[str]) -> Iterator[str]:
    """Yield the texts that are long enough to be recognized, and their words that are not common."""
    for text, letters in texts:
        if DOTTED.fullmatch(text):
            yield from [text] if text.count(".") + 1 >= SHORTEST_UID else []
            continue
        if len(text) > 3 and any(_is_identifying(token, common) for token in TOKEN.findall(text)):
            yield text
        for word in WORD.findall(text):
            if (word.isdigit() or len(word) >= letters) and word.lower() not in common:
                yield word


def _is_identifying(token: str, common: frozenset[str]) -> bool:
    """Tell whether a token is no common word: another one, or letters with three digits or more (`ORD7771`)."""
    if token.isdigit() or KERNEL.fullmatch(token):
        return token.isdigit() and len(token) > 4
    words = WORD.findall(token)
    return sum(map(str.isdigit, token)) > 2 or not words or any(word.lower() not in common for word in words)
