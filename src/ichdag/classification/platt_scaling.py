"""Keep Platt's calibration curve of the SVM rising, so that probabilities keep the order of decision values."""

from typing import Any

import numpy as np
from scipy.special import logit
from sklearn.calibration import CalibratedClassifierCV

MIN_SLOPE = 1e-4


def enforce_rising_curve(model: CalibratedClassifierCV, y: np.ndarray, sample_weight: np.ndarray | None = None) -> None:
    """Give Platt's curve of a fitted SVM the slope `MIN_SLOPE` if it falls, so that a larger value is a larger risk.

    The curve falls if decision values and labels (n,) of the inner folds were negatively related by chance. As its
    likelihood has one maximum (Platt 1999), the most likely curve with a slope of `MIN_SLOPE` or more is then the one
    with this slope. All probabilities are then equal to three digits (the risk in the training part), but keep the
    order of the decision values.
    ASSUME: the order of the decision values is used even where the inner folds contradict it.
    """
    curve = platt_curve(model)
    if curve.a_ < -MIN_SLOPE:
        return
    weights = np.ones(len(y)) if sample_weight is None else sample_weight
    positive, negative = (weights[y == label].sum() for label in (1, 0))
    target_sum = positive * (positive + 1) / (positive + 2) + negative / (negative + 2)  # Platt's targets, weighted
    curve.a_, curve.b_ = -MIN_SLOPE, float(-logit(target_sum / (positive + negative)))


def is_flat(model: CalibratedClassifierCV) -> bool:
    """Tell whether the curve has the minimal slope, so that all probabilities are nearly equal."""
    return bool(platt_curve(model).a_ >= -MIN_SLOPE)


def platt_curve(model: CalibratedClassifierCV) -> Any:
    """Return Platt's curve of a calibrated SVM, with slope `a_` and intercept `b_`."""
    return model.calibrated_classifiers_[0].calibrators[0]
