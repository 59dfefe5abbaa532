"""Who is behind the participants: one person may take part more than once, under several ids."""

from collections.abc import Mapping

import pandas as pd

PERSON_COLUMN = "person_id"


def describe_repeat_participants(
    participants: pd.DataFrame, *, people: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Say, by role, how many participants are how many persons, in words; nothing where nobody takes part twice.

    `participants` follows its schema; who was excluded does not count. `people` says who is behind each subject;
    without it the sheet's column person_id does.
    """
    included = participants[participants["status"] == "included"]
    if people is not None:
        persons = included["subject"].map(lambda subject: people.get(subject, subject))
    elif PERSON_COLUMN in included:
        person_ids = included[PERSON_COLUMN]
        persons = person_ids.astype(object).where(person_ids.notna(), "alone " + included["subject"])
    else:
        return {}
    counts = persons.groupby(included["role"]).agg(["size", "nunique"])
    return {
        str(role): f"{row['size']} {role} participants are {_persons(row['nunique'])}"
        for role, row in counts.iterrows()
        if row["nunique"] < row["size"]
    }


def _persons(count: int) -> str:
    return "1 person" if count == 1 else f"{count} persons"
