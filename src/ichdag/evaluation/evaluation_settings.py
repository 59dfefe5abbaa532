"""Settings of the evaluation, from config: evaluation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EvaluationSettings:
    """Settings of the metrics; config/schemas/evaluation.schema.json describes every key."""

    confidence: float
    bootstrap: int
    min_probability: float
