"""Features that a lesion does not define, and for which pyradiomics gives a number that stands for none.

A lesion of one gray value has no skewness and one without touching voxels no co-occurrence; pyradiomics then gives 0, 1
or 1,000,000. Such numbers are no measurements: ASSUME: they are missing, with the reason.
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


def not_defined(title: str, worker: Any) -> dict[str, str]:
    """The features of one class that are not defined, with the reason; `worker` is the class after its calculation."""
    rule = RULES.get(title)
    return rule(worker) if rule else {}


def _firstorder(worker: Any) -> dict[str, str]:
    """Flat values have no skewness; what could not be binned has no entropy and no uniformity."""
    flat = np.ptp(worker.imageArray[worker.maskArray]) == 0
    undefined = dict.fromkeys(("Skewness", "Kurtosis"), FLAT) if flat else {}
    return undefined | (dict.fromkeys(("Entropy", "Uniformity"), worker.unbinned) if worker.unbinned else {})


def _glcm(worker: Any) -> dict[str, str]:
    """Correlation, MCC and Imc1 need two gray levels along some angle; without pairs nothing is defined."""
    if not np.nansum(worker.P_glcm):
        return dict.fromkeys(worker.featureNames, NO_NEIGHBORS)
    rows = (worker.coefficients["px"] > 0).sum(axis=1)
    return dict.fromkeys(("Correlation", "MCC", "Imc1"), ONE_LEVEL) if rows.max() < 2 else {}


def _glrlm(worker: Any) -> dict[str, str]:
    return {} if np.nansum(worker.P_glrlm) else dict.fromkeys(worker.featureNames, NO_RUNS)


def _ngtdm(worker: Any) -> dict[str, str]:
    """Nothing is defined without neighbors; the rest where pyradiomics meets a zero in its denominator."""
    found = worker.coefficients
    if not _touches(worker):
        return dict.fromkeys(worker.featureNames, NO_NEIGHBORS)
    undefined = {}
    share, difference = found["p_i"], found["s_i"]
    if not (share * difference).sum():
        undefined["Coarseness"] = NO_CONTRAST
    if not difference.sum():
        undefined["Strength"] = NO_CONTRAST
    if found["Ngp"].max() < 2:
        undefined["Contrast"] = ONE_LEVEL
    if np.ptp((found["ivector"] * share)[share > 0]) == 0:
        undefined["Busyness"] = ONE_LEVEL if found["Ngp"].max() < 2 else NO_CONTRAST
    return undefined


def _touches(worker: Any) -> bool:
    """Whether two voxels of the lesion are neighbors, at the distances and in the plane that the settings ask for."""
    mask, settings = worker.maskArray, worker.settings
    distances = np.array(settings.get("distances", [1]))
    plane = settings.get("force2D", False), settings.get("force2Ddimension", 0)
    for angle in cMatrices.generate_angles(np.array(mask.shape), distances, False, *plane):
        one = tuple(slice(max(step, 0), size + min(step, 0)) for step, size in zip(angle, mask.shape, strict=True))
        other = tuple(slice(max(-step, 0), size + min(-step, 0)) for step, size in zip(angle, mask.shape, strict=True))
        if (mask[one] & mask[other]).any():
            return True
    return False


RULES = {"firstorder": _firstorder, "glcm": _glcm, "glrlm": _glrlm, "ngtdm": _ngtdm}
