"""Who trains which network, and which network may segment whom."""

from collections.abc import Mapping


def network_of(subject: str, folds: Mapping[str, int]) -> str:
    """Which network may segment a subject: its own fold's, which never saw it, if on the training list; else 'final'.

    ASSUME: masks of the training list are out-of-fold predictions, as the final network has seen these scans.
    """
    return str(folds[subject]) if subject in folds else "final"


def with_persons(folds: Mapping[str, int], persons: Mapping[str, str]) -> dict[str, int]:
    """The folds of the training list, and those of participants who are a person on it: no network that saw a person
    segments another scan of that person. `persons` says who is behind a subject."""
    of_person = {persons[subject]: fold for subject, fold in folds.items() if subject in persons}
    known = {subject: of_person[person] for subject, person in persons.items() if person in of_person}
    return known | dict(folds)


def trained_in(fold: str, folds: Mapping[str, int]) -> list[str]:
    """The subjects of the training list that train the network of a fold: all others' folds; everybody for 'final'."""
    return [subject for subject, own in folds.items() if str(own) != fold]
