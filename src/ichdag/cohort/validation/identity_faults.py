"""Faults of identity: one id twice, ids and names that look alike, one person in two roles."""

from collections.abc import Iterator

from ichdag.cohort.sheet import Sheet
from ichdag.cohort.validation.fault_table import Fault, format_rows, format_values
from ichdag.persons import PERSON_COLUMN, group_by_person, group_similar_ids, group_similar_names

RowNumbers = dict[str, list[int]]  # by name


def identity_faults(sheet: Sheet) -> Iterator[Fault]:
    """Yield ids that are there twice or look alike, names spelled in several ways, and persons in several roles."""
    rows_of_id = _row_numbers(sheet, "participant_id")
    for name, numbers in rows_of_id.items():
        if len(numbers) > 1:
            finding = f"'{name}' is there {len(numbers)} times"
            cure = "Give each participant one row and an id of its own (one person may have several: person_id)"
            yield Fault(f"{format_rows(numbers)}, column participant_id", finding, cure)
    yield from _similar_ids(rows_of_id)
    for column in (PERSON_COLUMN, "cohort"):
        yield from _similar_names(sheet, column)
    yield from _persons_in_several_roles(sheet)


def _row_numbers(sheet: Sheet, column: str) -> RowNumbers:
    """Collect the numbers of the rows with each text of a column."""
    rows_of_name: RowNumbers = {}
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        if isinstance(name := row.get(column), str):
            rows_of_name.setdefault(name, []).append(number)
    return rows_of_name


def _similar_ids(rows_of_id: RowNumbers) -> Iterator[Fault]:
    for names in group_similar_ids(rows_of_id):
        where = f"{format_rows(number for name in names for number in rows_of_id[name])}, column participant_id"
        if len({name.lower() for name in names}) < len(names):
            finding = f"{', '.join(names)} differ only by case: on many disks their files would be the same"
            yield Fault(where, finding, "Rename one")
        elif len({len(name) for name in names}) > 1:
            finding = f"{', '.join(names)} differ only by zeros in front: a reader may take them for the same"
            yield Fault(where, finding, "Rename all but one, or write all numbers with as many digits")


def _similar_names(sheet: Sheet, column: str) -> Iterator[Fault]:
    """Yield names that a reader takes for one and the study for several."""
    rows_of_name = _row_numbers(sheet, column)
    for names in group_similar_names(rows_of_name):
        where = f"{format_rows(number for name in names for number in rows_of_name[name])}, column {column}"
        finding = f"{format_values(names)} may be one {column.removesuffix('_id')} spelled in {len(names)} ways"
        yield Fault(where, finding, "Write one name in one way, and different names so that they look different")


def _persons_in_several_roles(sheet: Sheet) -> Iterator[Fault]:
    role_of_row = {number: str(row["role"]) for number, row in zip(sheet.numbers, sheet.rows, strict=True)}
    person_of_row = {
        number: None if row.get(PERSON_COLUMN) is None else str(row[PERSON_COLUMN])
        for number, row in zip(sheet.numbers, sheet.rows, strict=True)
    }
    for person, numbers in group_by_person(person_of_row).items():
        roles = sorted({role_of_row[number] for number in numbers})
        if len(roles) > 1:
            finding = (
                f"person '{person}' is in {' and '.join(roles)}: a model would be tested on a person it was fitted on"
            )
            yield Fault(
                f"{format_rows(numbers)}, column role",
                finding,
                "Give all participants of a person one role, or mend person_id",
            )
