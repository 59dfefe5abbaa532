"""How two stacks are related by the identifiers in their headers."""

from ichdag.conversion.dicom.headers import get_text
from ichdag.conversion.dicom.stacks import Stack


def series_relation(first: Stack, second: Stack) -> str | None:
    """Return how two stacks are related, or None.

    "series": one SeriesInstanceUID; "twin": the same series by some of its identifiers; "study": other series of one
    study, with the patient in the same position. Some programs give one UID to all series of a study: if SeriesNumber
    and SeriesDescription differ, such stacks count as related by study.
    """
    numbers = {first.number, second.number}
    same_number = len(numbers - {None}) < 2
    is_described_alike = same_description(first, second)
    if first.uid == second.uid:
        return "series" if same_number else "twin" if is_described_alike else "study"
    if not _same_if_present(first, second, "StudyInstanceUID"):
        return None
    if same_number and numbers != {None} and is_described_alike:
        return "twin"
    return "study" if _same_if_present(first, second, "FrameOfReferenceUID") else None


def same_description(first: Stack, second: Stack) -> bool:
    """Return whether two stacks have the same SeriesDescription."""
    return len({get_text(stack.header, "SeriesDescription").casefold() for stack in (first, second)}) == 1


def _same_if_present(first: Stack, second: Stack, keyword: str) -> bool:
    """Return whether an element is the same in both, or missing in one of them."""
    return len({get_text(stack.header, keyword) for stack in (first, second)} - {""}) < 2
