"""Explanation: which blocks the classifiers used, what the parts are made of, where in the head they look."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How contributions to predictions are told; meanings in config/schemas/explanation.schema.json."""

    features: str
    patients: int
    background: int
    evaluations: int
    bootstrap: int
    confidence: float
    permutations: int
