"""The report: every table and figure of the study in one page that opens from disk, without a network."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """title: what the page is headed with; pages: most participants with a page of their own."""

    title: str
    pages: int
