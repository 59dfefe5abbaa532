"""Explanation: which blocks the classifiers used, what the parts are made of, where in the head they look."""

from dataclasses import dataclass

SAMPLED = ("svm",)


@dataclass(frozen=True)
class Settings:
    """Settings of the explanation stage; meanings in config/schemas/explanation.schema.json."""

    features: str
    outcomes: list[str]
    patients: int
    sampled_patients: int
    background: int
    evaluations: int
    bootstrap: int
    confidence: float
    top_features: int
    saliency_patients: int

    def patients_of(self, classifier: str) -> int:
        """How many participants are explained: fewer where SHAP values are sampled, which takes far longer."""
        return min(self.patients, self.sampled_patients) if classifier in SAMPLED else self.patients
