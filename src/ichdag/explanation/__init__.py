"""Explanation: contributions of feature blocks, top features of NMF components, saliency maps in the head."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ExplanationSettings:
    """How predictions are explained; meanings in config/schemas/explanation.schema.json."""

    features: str
    patients: int
    background: int
    evaluations: int
    bootstrap: int
    confidence: float
    permutations: int
