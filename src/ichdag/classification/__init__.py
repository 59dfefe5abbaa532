"""Classification: seven feature sets, six classifiers, out-of-fold probabilities and one final model each."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Settings of the classification stage; meanings in config/schemas/classification.schema.json."""

    tuning: str
    tuning_folds: int
    calibration_folds: int
    threshold_folds: int
    class_weights: str
    classifiers: dict[str, dict[str, Any]]
    grid: dict[str, dict[str, list[Any]]]
    logistic: dict[str, Any]
    clinical: list[str]
