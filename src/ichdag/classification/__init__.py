"""Classification: seven feature sets, six classifiers, out-of-fold probabilities and one final model each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """How classifiers are fitted; meanings in config/schemas/classification.schema.json.

    `classifiers` has the parameters of each, logistic regression among them where it is fitted; only an SVM is
    calibrated.
    """

    tuning: str
    tuning_folds: int
    calibration_folds: int | None
    threshold_folds: int
    class_weights: str
    classifiers: dict[str, dict[str, Any]]
    grid: dict[str, dict[str, list[Any]]]


def recipe_settings(config: Mapping[str, Any], *classifiers: str) -> dict[str, Any]:
    """What of the settings of the stage the fit of these classifiers reads, as `Settings` has it: so the parameters of
    another one rerun nothing."""
    known = config["classifiers"] | {"logistic": config["logistic"]}
    shared = ("tuning", "tuning_folds", "threshold_folds", "class_weights")
    return {name: config[name] for name in shared} | {
        "calibration_folds": config["calibration_folds"] if "svm" in classifiers else None,
        "classifiers": {name: known[name] for name in classifiers},
        "grid": {name: config["grid"].get(name, {}) for name in classifiers},
    }
