"""Figures of the paper: each selects its numbers from a table; drawing computes nothing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FiguresSettings:
    """Settings of the figures: `dpi` of png files (dots per inch), number of `examples` shown per cohort role."""

    dpi: int
    examples: int
