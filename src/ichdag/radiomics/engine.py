"""pyradiomics' feature classes on one image: gray values are binned once for all; what is undefined is told."""

import warnings
from typing import Any

import numpy as np
import SimpleITK as sitk
from radiomics import getFeatureClasses, imageoperations
from radiomics.featureextractor import RadiomicsFeatureExtractor

from ichdag.faults import refuse_machine_fault
from ichdag.radiomics.undefined import NOT_FINITE, ROUNDING, not_defined

Values = dict[str, float]
Reasons = dict[str, str]
DIGITS_LOST = 64  # units of the last place of the scan's extreme
FAILURES = (ValueError, IndexError, RuntimeError, ZeroDivisionError, np.linalg.LinAlgError)


class _BinnedOnce:
    """Binning of a feature class that takes over what another class has binned in the same image."""

    def _applyBinning(self, matrix: np.ndarray) -> np.ndarray:  # noqa: N802, pyradiomics' name
        shared = self.settings["binned"]
        if not shared:
            shared["matrix"], _ = imageoperations.binImage(matrix, self.maskArray, **self.settings)
            shared["levels"] = np.unique(shared["matrix"][self.maskArray])
        self.coefficients["grayLevels"] = shared["levels"].copy()
        self.coefficients["Ng"] = int(shared["levels"].max())
        return shared["matrix"].copy()


CLASSES = {
    name: type(kind.__name__, (_BinnedOnce, kind), {"__module__": kind.__module__})
    for name, kind in getFeatureClasses().items()
    if not name.startswith("shape")
}


def feature_names(title: str, wanted: list[str] | None) -> list[str]:
    """The features of one class that a parameter file asks for; all that are not deprecated where it names none."""
    known = getFeatureClasses()[title].getFeatureNames()
    return list(wanted) if wanted else [name for name, deprecated in known.items() if not deprecated]


def shape_features(
    image: sitk.Image, outline: sitk.Image, *, extractor: RadiomicsFeatureExtractor
) -> tuple[Values, Reasons]:
    """The shape of the lesion, computed once, whatever the number of image types."""
    ends = np.ravel([(0, size - 1) for size in outline.GetSize()])
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = extractor.computeShape(image, outline, ends, **extractor.settings)
    values = {name: float(value) for name, value in found.items()}
    one = np.count_nonzero(sitk.GetArrayViewFromImage(outline)) == 1
    return _sorted_out(values, dict.fromkeys(values, "the lesion is a single voxel" if one else NOT_FINITE), {})


def gray_features(
    image: sitk.Image,
    mask: sitk.Image,
    *,
    name: str,
    wanted: dict[str, list[str] | None],
    settings: dict[str, Any],
    extreme: float,
) -> tuple[Values, Reasons]:
    """First-order and texture features of one filtered image, cropped to the lesion's box.

    `wanted` are pyradiomics' classes with the features of each, `settings` those that the filter yields, `extreme` is
    the scan's largest gray value. A feature that the lesion does not define is NaN, with the reason.
    """
    rounded = _differs_by_rounding(image, mask, extreme)
    values: Values = {}
    reasons: Reasons = {}
    binned: dict[str, np.ndarray] = {}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for title, features in wanted.items():
            if title in CLASSES:
                found, undefined, why = _of_class(title, features, image, mask, settings | {"binned": binned})
                if rounded and title != "firstorder":
                    undefined = dict.fromkeys(found, ROUNDING)
                elif rounded:
                    undefined |= dict.fromkeys(("Skewness", "Kurtosis"), ROUNDING)
                found, missing = _sorted_out(found, dict.fromkeys(found, why), undefined)
                values |= {f"{name}_{title}_{feature}": value for feature, value in found.items()}
                reasons |= {f"{name}_{title}_{feature}": reason for feature, reason in missing.items()}
    return values, reasons


def _differs_by_rounding(image: sitk.Image, mask: sitk.Image, extreme: float) -> bool:
    """Whether gray values that ought to be equal are not, for want of digits of the filter that made them."""
    values = sitk.GetArrayViewFromImage(image)[sitk.GetArrayViewFromImage(mask) > 0]
    return 0 < np.ptp(values) <= DIGITS_LOST * np.finfo(values.dtype).eps * abs(extreme)


def _of_class(title, features, image, mask, settings) -> tuple[Values, Reasons, str]:
    """Values of one class, what of it the lesion does not define, and what to say of further values not finite."""
    names = feature_names(title, features)
    try:
        worker = CLASSES[title](image, mask, **settings)
        for feature in names:
            worker.enableFeatureByName(feature)
        found = {feature: float(value) for feature, value in worker.execute().items()}
    except FAILURES as error:
        refuse_machine_fault(error)
        return dict.fromkeys(names, np.nan), {}, f"pyradiomics cannot compute {title} here: {error}"
    return found, not_defined(title, worker), NOT_FINITE


def _sorted_out(values: Values, reasons: Reasons, undefined: Reasons) -> tuple[Values, Reasons]:
    """Values with NaN for what is not defined or not finite, and the reason of each such."""
    missing = {name: undefined.get(name, reasons[name]) for name in values if not np.isfinite(values[name])}
    missing |= {name: reason for name, reason in undefined.items() if name in values}
    return values | dict.fromkeys(missing, np.nan), missing
