"""Compute pyradiomics' feature classes on one image, and say which features the lesion does not define."""

import warnings
from typing import Any

import numpy as np
import SimpleITK as sitk
from radiomics import getFeatureClasses

from ichdag.file_errors import raise_machine_fault
from ichdag.radiomics.gray_level_matrices import GRAY_LEVEL_CLASSES
from ichdag.radiomics.mesh import Shape
from ichdag.radiomics.undefined_features import NOT_FINITE, ROUNDING, undefined_features

Values = dict[str, float]
Reasons = dict[str, str]
EnabledFeatures = dict[
    str, list[str] | None
]  # as pyradiomics has it: class to features, all of them where none is named
ROUNDING_UNITS = 64  # units in the last place of the scan's extreme gray value
SHAPE_CLASSES = {"shape": Shape, "shape2D": getFeatureClasses()["shape2D"]}
FEATURE_CLASSES = SHAPE_CLASSES | GRAY_LEVEL_CLASSES
COMPUTATION_ERRORS = (ValueError, IndexError, RuntimeError, ZeroDivisionError, np.linalg.LinAlgError)


def feature_names(class_name: str, enabled: list[str] | None) -> list[str]:
    """Return the enabled features of a class; all that are not deprecated where the parameter file names none."""
    if enabled:
        return list(enabled)
    return [name for name, deprecated in FEATURE_CLASSES[class_name].getFeatureNames().items() if not deprecated]


def shape_features(
    image: sitk.Image, mask: sitk.Image, *, enabled: EnabledFeatures, settings: dict[str, Any]
) -> tuple[Values, Reasons]:
    """Compute the shape features of the lesion, once for all image types.

    `mask` is the morphological mask (IBSI); the other arguments and the result are those of `gray_level_features`.
    """
    lesion = sitk.GetArrayViewFromImage(mask)
    n_slices = lesion.shape[settings.get("force2Ddimension", 0)]
    not_finite = "the lesion is a single voxel" if np.count_nonzero(lesion) == 1 else NOT_FINITE
    values: Values = {}
    reasons: Reasons = {}
    for class_name, names in enabled.items():
        if class_name not in SHAPE_CLASSES:
            continue
        undefined: Reasons = {}
        if class_name == "shape2D" and n_slices > 1:
            class_values = dict.fromkeys(feature_names(class_name, names), np.nan)
            reason = f"{class_name} is that of a lesion of one slice, this one has {n_slices}"
        else:
            class_values, undefined, reason = _compute_class(class_name, names, image, mask, settings)
        reason = not_finite if reason == NOT_FINITE else reason
        class_values, missing = _set_undefined_to_nan(class_values, undefined, default_reason=reason)
        values |= _with_prefix(class_values, f"original_{class_name}")
        reasons |= _with_prefix(missing, f"original_{class_name}")
    return values, reasons


def gray_level_features(
    image: sitk.Image,
    mask: sitk.Image,
    *,
    image_name: str,
    enabled: EnabledFeatures,
    settings: dict[str, Any],
    extreme: float,
) -> tuple[Values, Reasons]:
    """Compute first-order and texture features of one filtered image, cropped to the bounding box of the lesion.

    `mask` is the intensity mask (IBSI), `enabled` are pyradiomics' feature classes with the features of each,
    `settings` those that the filter yields, `extreme` is the gray value of the scan that is farthest from zero.
    Return values and, for each feature that the lesion does not define (NaN), the reason; both by full name.
    """
    rounded = _differs_by_rounding(image, mask, extreme)
    values: Values = {}
    reasons: Reasons = {}
    shared_bins: dict[str, np.ndarray] = {}
    for class_name, names in enabled.items():
        if class_name in SHAPE_CLASSES:
            continue
        class_settings = settings | {"shared_bins": shared_bins}
        class_values, undefined, reason = _compute_class(class_name, names, image, mask, class_settings)
        if rounded and class_name != "firstorder":
            undefined = dict.fromkeys(class_values, ROUNDING)
        elif rounded:
            undefined |= dict.fromkeys(("Skewness", "Kurtosis"), ROUNDING)
        class_values, missing = _set_undefined_to_nan(class_values, undefined, default_reason=reason)
        values |= _with_prefix(class_values, f"{image_name}_{class_name}")
        reasons |= _with_prefix(missing, f"{image_name}_{class_name}")
    return values, reasons


def _with_prefix(items: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Return the items under full names: image type, feature class and feature."""
    return {f"{prefix}_{name}": item for name, item in items.items()}


def _differs_by_rounding(image: sitk.Image, mask: sitk.Image, extreme: float) -> bool:
    """Return whether the gray values of the lesion differ by no more than the rounding errors of the filter."""
    values = sitk.GetArrayViewFromImage(image)[sitk.GetArrayViewFromImage(mask) > 0]
    tolerance = ROUNDING_UNITS * np.finfo(values.dtype).eps * abs(extreme)
    return bool(np.isfinite(extreme)) and bool(0 < np.ptp(values) <= tolerance)


def _compute_class(
    class_name: str, enabled: list[str] | None, image: sitk.Image, mask: sitk.Image, settings: dict[str, Any]
) -> tuple[Values, Reasons, str]:
    """Return the values of one feature class, its undefined features, and the reason of other values not finite."""
    names = feature_names(class_name, enabled)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            feature_class = FEATURE_CLASSES[class_name](image, mask, **settings)
            for name in names:
                feature_class.enableFeatureByName(name)
            values = {name: float(value) for name, value in feature_class.execute().items()}
    except COMPUTATION_ERRORS as error:
        raise_machine_fault(error)
        return dict.fromkeys(names, np.nan), {}, f"pyradiomics cannot compute {class_name} here: {error}"
    return values, undefined_features(class_name, feature_class), NOT_FINITE


def _set_undefined_to_nan(values: Values, undefined: Reasons, *, default_reason: str) -> tuple[Values, Reasons]:
    """Return the values with NaN for what is undefined or not finite, and the reason for each NaN."""
    missing = {name: undefined.get(name, default_reason) for name in values if not np.isfinite(values[name])}
    missing |= {name: reason for name, reason in undefined.items() if name in values}
    return values | dict.fromkeys(missing, np.nan), missing
