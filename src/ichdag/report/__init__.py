"""Report: every table and figure of the study in one page, which opens from disk without a network."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportSettings:
    """Settings of the report: `title` of the page; `pages`, the largest number of participant pages."""

    title: str
    pages: int
