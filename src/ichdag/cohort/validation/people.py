"""Faults of identity: one id twice, ids that a file system may confuse, one person on two sides of the study."""

from collections.abc import Iterator

from ichdag.cohort.sheet import Sheet
from ichdag.cohort.validation.faults import Fault, rows_named, values_named
from ichdag.cohort.validation.spelling import as_read, unpadded

Places = dict[str, list[int]]


def people_faults(sheet: Sheet) -> Iterator[Fault]:
    """Ids that stand twice or differ by case or zeros alone; persons whose participants have different roles."""
    places: Places = {}
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        if isinstance(row["participant_id"], str):
            places.setdefault(row["participant_id"], []).append(number)
    for name, numbers in places.items():
        if len(numbers) > 1:
            found = f"'{name}' stands {len(numbers)} times"
            cure = "Give each participant one row and an id of its own (one person may have several: person_id)"
            yield Fault(f"{rows_named(numbers)}, column participant_id", found, cure)
    yield from _confusable(places)
    for column in ("person_id", "cohort"):
        yield from _spelled_differently(sheet, column)
    yield from _parted_persons(sheet)


def _confusable(places: Places) -> Iterator[Fault]:
    alike: dict[str, list[str]] = {}
    for name in places:
        alike.setdefault(unpadded(name.lower()), []).append(name)
    for names in alike.values():
        where = f"{rows_named(number for name in names for number in places[name])}, column participant_id"
        if len({name.lower() for name in names}) < len(names):
            found = f"{', '.join(names)} differ by case alone: their files would be one on many disks"
            yield Fault(where, found, "Rename one")
        elif len({len(name) for name in names}) > 1:
            found = f"{', '.join(names)} differ by zeros in front alone: a reader takes them for one"
            yield Fault(where, found, "Rename all but one, or write all numbers with as many digits")


def _spelled_differently(sheet: Sheet, column: str) -> Iterator[Fault]:
    """Names that a reader takes for one and the study for several."""
    alike: dict[str, Places] = {}
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        if isinstance(name := row.get(column), str):
            alike.setdefault(as_read(name), {}).setdefault(name, []).append(number)
    for names in alike.values():
        if len(names) > 1:
            where = f"{rows_named(number for numbers in names.values() for number in numbers)}, column {column}"
            found = f"{values_named(names)} may be one {column.removesuffix('_id')} spelled in {len(names)} ways"
            yield Fault(where, found, "Write one name in one way, and different ones so that they can be told apart")


def _parted_persons(sheet: Sheet) -> Iterator[Fault]:
    people: dict[str, list[tuple[int, str]]] = {}
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        if row.get("person_id") is not None:
            people.setdefault(str(row["person_id"]), []).append((number, str(row["role"])))
    for person, members in people.items():
        roles = sorted({role for _, role in members})
        if len(roles) > 1:
            where = f"{rows_named(number for number, _ in members)}, column role"
            found = f"person '{person}' is in {' and '.join(roles)}: a model would be judged on whom it has seen"
            yield Fault(where, found, "Give all participants of a person one role, or mend person_id")
