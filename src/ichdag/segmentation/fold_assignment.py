"""Assign participants to networks: who trains which network, and which network segments whom."""

from collections.abc import Mapping


def assigned_network(subject: str, folds: Mapping[str, int]) -> str:
    """Return the fold of the network that segments a subject: the subject's own fold, or 'final'.

    The network of a fold is not trained on the subjects of that fold. Subjects outside the training list get 'final'.

    ASSUME: masks of the training list are out-of-fold predictions, because the final network has seen these scans.
    """
    return str(folds[subject]) if subject in folds else "final"


def assign_persons(folds: Mapping[str, int], persons: Mapping[str, str]) -> dict[str, int]:
    """Add to the folds of the training list the other subjects of the same persons, each in the fold of the person.

    So no network segments another scan of a person whom it was trained on. `persons` has the person of each subject.
    """
    fold_of_person = {persons[subject]: fold for subject, fold in folds.items() if subject in persons}
    same_person = {subject: fold_of_person[person] for subject, person in persons.items() if person in fold_of_person}
    return same_person | dict(folds)


def training_subjects(fold: str, folds: Mapping[str, int]) -> list[str]:
    """Return the subjects that train the network of a fold: those of all other folds; everybody for 'final'."""
    return [subject for subject, subject_fold in folds.items() if str(subject_fold) != fold]
