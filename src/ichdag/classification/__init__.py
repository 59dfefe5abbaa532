"""Classification: six classifiers on seven feature sets, with out-of-fold probabilities and a final model of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ClassificationSettings:
    """Settings of the classification stage; config/schemas/classification.schema.json has their meanings.

    `classifiers` has the parameters of each classifier, with logistic regression where it is fitted;
    `calibration_folds` is for the SVM alone.
    """

    tuning: str
    tuning_folds: int
    calibration_folds: int | None
    threshold_folds: int
    class_weights: str
    classifiers: dict[str, dict[str, Any]]
    grid: dict[str, dict[str, list[Any]]]


def classifier_settings(config: Mapping[str, Any], *classifiers: str) -> dict[str, Any]:
    """Select the settings that the fits of these classifiers read, for `ClassificationSettings`.

    Then a changed parameter of another classifier reruns nothing.
    """
    known = config["classifiers"] | {"logistic": config["logistic"]}
    shared = ("tuning", "tuning_folds", "threshold_folds", "class_weights")
    return {name: config[name] for name in shared} | {
        "calibration_folds": config["calibration_folds"] if "svm" in classifiers else None,
        "classifiers": {name: known[name] for name in classifiers},
        "grid": {name: config["grid"].get(name, {}) for name in classifiers},
    }
