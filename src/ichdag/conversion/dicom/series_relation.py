"""How near two stacks stand to each other by what their headers call them."""

from ichdag.conversion.dicom.headers import text
from ichdag.conversion.dicom.stacks import Stack


def kinship(one: Stack, other: Stack) -> str | None:
    """How near: "series" (one UID), "twin" (one series by some of its names), "study" (one patient lying there), None.

    Some programs give one UID to all series, which then have other numbers and descriptions: these are of one study.
    """
    numbers = {one.number, other.number}
    numbered_alike = len(numbers - {None}) < 2
    described_alike = same_description(one, other)
    if one.uid == other.uid:
        return "series" if numbered_alike else "twin" if described_alike else "study"
    if not _agree(one, other, "StudyInstanceUID"):
        return None
    if numbered_alike and numbers != {None} and described_alike:
        return "twin"
    return "study" if _agree(one, other, "FrameOfReferenceUID") else None


def same_description(one: Stack, other: Stack) -> bool:
    """Whether two stacks have one SeriesDescription."""
    return len({text(stack.header, "SeriesDescription").casefold() for stack in (one, other)}) == 1


def _agree(one: Stack, other: Stack, name: str) -> bool:
    """Whether a tag is the same in both, or missing in one."""
    return len({text(stack.header, name) for stack in (one, other)} - {""}) < 2
