"""Platt's curve from the SVM's decision values to probabilities, which may not reverse their ranks."""

from typing import Any

import numpy as np
from scipy.special import logit
from sklearn.calibration import CalibratedClassifierCV

LEAST_SLOPE = 1e-4


def hold_ranks(model: CalibratedClassifierCV, labels: np.ndarray, sample_weight: np.ndarray | None = None) -> None:
    """Give Platt's curve of a fitted SVM the least slope if it falls, lest a larger value be a smaller risk.

    The curve falls where decision values and labels (n,) of the inner folds went opposite ways by chance. As its
    likelihood has one maximum (Platt 1999), the likeliest of the curves that rise by `LEAST_SLOPE` or more is then the
    one of this slope: the same risk for everybody to three digits, that of the training part, ranked by the decision
    values.
    ASSUME: ranks are those of the decision values also where the inner folds speak against them.
    """
    curve = curve_of(model)
    if curve.a_ < -LEAST_SLOPE:
        return
    weights = np.ones(len(labels)) if sample_weight is None else sample_weight
    with_it, without = (weights[labels == label].sum() for label in (1, 0))
    risk = with_it * (with_it + 1) / (with_it + 2) + without / (without + 2)  # Platt's targets, weighted
    curve.a_, curve.b_ = -LEAST_SLOPE, float(-logit(risk / (with_it + without)))


def is_flat(model: CalibratedClassifierCV) -> bool:
    """Whether the curve had to be held, so that all probabilities are nearly the same."""
    return bool(curve_of(model).a_ >= -LEAST_SLOPE)


def curve_of(model: CalibratedClassifierCV) -> Any:
    """The curve of a calibrated SVM, Platt's, with slope `a_` and intercept `b_`."""
    return model.calibrated_classifiers_[0].calibrators[0]
