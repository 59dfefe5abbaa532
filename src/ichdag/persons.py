"""Persons: who is behind the participants. One person may take part more than once, under several ids.

A person is known by the sheet's column person_id. Two ids may also be one by mistake (they look alike), and two
participants one person without a person_id (they have the same scan).
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from ichdag.spelling import normalize_name, strip_leading_zeros

if TYPE_CHECKING:  # the sheet is read in every job, without libraries for tables
    import pandas as pd

PERSON_COLUMN = "person_id"
SCAN_COLUMNS = "diagnostics_Image-original_"  # features of the whole scan, by the beginning of their name

Key = TypeVar("Key", bound=Hashable)


def group_by_person(person_ids: Mapping[Key, str | None]) -> dict[str, list[Key]]:
    """Group subjects, or row numbers of the sheet, by their person_id; those without one are left out."""
    groups: dict[str, list[Key]] = {}
    for key, person in person_ids.items():
        if person is not None:
            groups.setdefault(person, []).append(key)
    return groups


def shared_persons(person_ids: Mapping[str, str | None]) -> dict[str, str]:
    """Return the person of each subject whose person_id another subject has too. `person_ids` is by subject."""
    groups = group_by_person(person_ids)
    return {subject: person for subject, person in person_ids.items() if person is not None and len(groups[person]) > 1}


def group_similar_ids(ids: Iterable[str]) -> list[list[str]]:
    """Group participant ids that differ only by case or by zeros in front of a number; only groups of two or more."""
    return _groups_of_several(ids, key=lambda name: strip_leading_zeros(name.lower()))


def group_similar_names(names: Iterable[str]) -> list[list[str]]:
    """Group names that may be one, spelled in several ways (`normalize_name`); only groups of two or more."""
    return _groups_of_several(names, key=normalize_name)


def person_labels(rows: "pd.DataFrame") -> "pd.Series":
    """Return a label of the person of each row: person_id of the sheet, otherwise the participant.

    `rows` are participants with the subject as index; two rows have the same label if they are one person.
    """
    subjects = rows.index.to_series().astype(object)
    if PERSON_COLUMN not in rows:
        return subjects
    return subjects.where(rows[PERSON_COLUMN].isna(), "person " + rows[PERSON_COLUMN].astype(str))


def identify_persons(participants: "pd.DataFrame", *, features: "pd.DataFrame") -> dict[str, str]:
    """Identify the person of each subject: subjects are one person if they share a person_id of the sheet or a scan.

    A person is named by the first of its subjects. `features` follows its schema. ASSUME: scans with exactly the same
    mean, minimum and maximum HU are one scan under two names; without those columns (config radiomics) only the sheet
    is used.
    """
    persons = {subject: subject for subject in participants["subject"]}
    scan_columns = [name for name in features if name.startswith(SCAN_COLUMNS)]
    keys = [(participants, [PERSON_COLUMN])] if PERSON_COLUMN in participants else []
    for table, columns in [*keys, (features, scan_columns)] if scan_columns else keys:
        for _, group in table.dropna(subset=columns).groupby(columns)["subject"]:
            names = {persons[subject] for subject in group if subject in persons}
            persons |= {subject: min(names) for subject, name in persons.items() if name in names}
    return persons


def describe_repeat_participants(
    participants: "pd.DataFrame", *, people: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Say, by role, how many participants are how many persons, in words; nothing where nobody takes part twice.

    `participants` follows its schema; excluded participants do not count. `people` has the person of each subject (see
    `identify_persons`); without it, the column person_id of the sheet says who they are.
    """
    included = participants[participants["status"] == "included"].set_index("subject")
    persons = person_labels(included)
    if people is not None:
        persons = included.index.to_series().map(lambda subject: people.get(subject, subject))
    counts = persons.groupby(included["role"]).agg(["size", "nunique"])
    return {
        str(role): f"{row['size']} {role} participants are {_count_in_words(row['nunique'])}"
        for role, row in counts.iterrows()
        if row["nunique"] < row["size"]
    }


def _groups_of_several(names: Iterable[str], *, key: Callable[[str], str]) -> list[list[str]]:
    """Group different names with the same key, in the order of the names."""
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        groups.setdefault(key(name), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def _count_in_words(count: int) -> str:
    return "1 person" if count == 1 else f"{count} persons"
