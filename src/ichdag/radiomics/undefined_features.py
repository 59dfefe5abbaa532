"""Find the features that a lesion does not define, although pyradiomics returns a number for them.

A lesion with a single gray value has no skewness, and one whose voxels do not touch has no co-occurrence. pyradiomics
then returns 0, 1 or 1,000,000. ASSUME: such numbers are not measurements; they count as missing, with the reason.
"""

from typing import Any

import numpy as np
from radiomics import cMatrices

NOT_FINITE = "not finite in this lesion"
FLAT = "all gray values are equal"
ROUNDING = "gray values differ by rounding alone"
ONE_LEVEL = "one gray level after binning"
NO_NEIGHBORS = "no two voxels of the lesion touch"
NO_RUNS = "no line of voxels meets the lesion twice"
NO_CONTRAST = "no voxel differs from its neighbors"


def undefined_features(class_name: str, feature_class: Any) -> dict[str, str]:
    """Return the features of a class that are not defined, with the reason; `feature_class` has been executed."""
    rule = RULES.get(class_name)
    return rule(feature_class) if rule else {}


def _firstorder(feature_class: Any) -> dict[str, str]:
    """Return the undefined first-order features: equal gray values have no skewness, and without bins no entropy."""
    flat = np.ptp(feature_class.imageArray[feature_class.maskArray]) == 0
    undefined = dict.fromkeys(("Skewness", "Kurtosis"), FLAT) if flat else {}
    return undefined | (
        dict.fromkeys(("Entropy", "Uniformity"), feature_class.unbinned) if feature_class.unbinned else {}
    )


def _glcm(feature_class: Any) -> dict[str, str]:
    """Return the undefined GLCM features: all without voxel pairs; Correlation, MCC and Imc1 with one gray level."""
    if not np.nansum(feature_class.P_glcm):
        return dict.fromkeys(feature_class.featureNames, NO_NEIGHBORS)
    rows = (feature_class.coefficients["px"] > 0).sum(axis=1)
    return dict.fromkeys(("Correlation", "MCC", "Imc1"), ONE_LEVEL) if rows.max() < 2 else {}


def _glrlm(feature_class: Any) -> dict[str, str]:
    """Return the undefined GLRLM features: all of them where there are no runs."""
    return {} if np.nansum(feature_class.P_glrlm) else dict.fromkeys(feature_class.featureNames, NO_RUNS)


def _ngtdm(feature_class: Any) -> dict[str, str]:
    """Return the undefined NGTDM features: all without neighbors, and those whose denominator is zero."""
    if not _has_neighbors(feature_class):
        return dict.fromkeys(feature_class.featureNames, NO_NEIGHBORS)
    coefficients = feature_class.coefficients
    probability = coefficients["p_i"]
    difference = coefficients["s_i"]
    has_one_level = coefficients["Ngp"].max() < 2
    undefined = {}
    if not (probability * difference).sum():
        undefined["Coarseness"] = NO_CONTRAST
    if not difference.sum():
        undefined["Strength"] = NO_CONTRAST
    if has_one_level:
        undefined["Contrast"] = ONE_LEVEL
    if np.ptp((coefficients["ivector"] * probability)[probability > 0]) == 0:
        undefined["Busyness"] = ONE_LEVEL if has_one_level else NO_CONTRAST
    return undefined


def _has_neighbors(feature_class: Any) -> bool:
    """Return whether two voxels of the lesion are neighbors, at the distances and in the plane of the settings."""
    mask = feature_class.maskArray
    settings = feature_class.settings
    distances = np.array(settings.get("distances", [1]))
    plane = settings.get("force2D", False), settings.get("force2Ddimension", 0)
    for angle in cMatrices.generate_angles(np.array(mask.shape), distances, False, *plane):
        first = tuple(slice(max(step, 0), size + min(step, 0)) for step, size in zip(angle, mask.shape, strict=True))
        second = tuple(slice(max(-step, 0), size + min(-step, 0)) for step, size in zip(angle, mask.shape, strict=True))
        if (mask[first] & mask[second]).any():
            return True
    return False


RULES = {"firstorder": _firstorder, "glcm": _glcm, "glrlm": _glrlm, "ngtdm": _ngtdm}
