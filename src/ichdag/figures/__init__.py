"""Figures of the paper: each chooses the numbers it shows from a table, then draws them and computes nothing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """dpi of the png files (dots per inch); participants shown in a figure of example pictures, per cohort role."""

    dpi: int
    examples: int
