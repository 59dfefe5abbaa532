"""Settings of the evaluation, from config: evaluation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How metrics are measured; every key is described in config/schemas/evaluation.schema.json."""

    confidence: float
    bootstrap: int
    smallest_probability: float
