"""Explanation: which blocks the classifiers used, what the parts are made of, where in the head they look."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Settings of the explanation stage; meanings in config/schemas/explanation.schema.json."""

    features: str
    outcomes: list[str]
    patients: int
    background: int
    evaluations: int
    bootstrap: int
    confidence: float
    top_features: int
    saliency_patients: int
    permutations: int
