"""Settings of the evaluation, from config: evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How predictions are judged; every key is described in config/schemas/evaluation.schema.json."""

    confidence: float
    bootstrap: int
    calibration_bins: int
    smallest_probability: float
    decision_thresholds: Sequence[float]
