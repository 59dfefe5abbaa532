"""Settings of the statistics, from config: statistics."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How models and cohorts are compared; every key is described in config/schemas/statistics.schema.json."""

    alpha: float
    reference: str
    bootstrap: int
    numbers: Sequence[str]
    categories: Sequence[str]

    @property
    def confidence(self) -> float:
        """Level of the confidence intervals."""
        return 1 - self.alpha
