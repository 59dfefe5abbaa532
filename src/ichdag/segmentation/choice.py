"""Who trains which network, and which network may segment whom."""

from collections.abc import Mapping


def network_of(subject: str, folds: Mapping[str, int]) -> str:
    """Which network may segment a subject: its own fold's, which never saw it, if on the training list; else 'final'.

    ASSUME: masks of the training list are out-of-fold predictions, as the final network has seen these scans.
    """
    return str(folds[subject]) if subject in folds else "final"


def trained_in(fold: str, folds: Mapping[str, int]) -> list[str]:
    """The subjects of the training list that train the network of a fold: all others' folds; everybody for 'final'."""
    return [subject for subject, own in folds.items() if str(own) != fold]
