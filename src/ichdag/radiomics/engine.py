"""pyradiomics' feature classes on one image; what the lesion does not define is told."""

import warnings
from typing import Any

import numpy as np
import SimpleITK as sitk
from radiomics import getFeatureClasses

from ichdag.file_errors import raise_machine_fault
from ichdag.radiomics.matrices import GRAY_CLASSES
from ichdag.radiomics.mesh import Shape
from ichdag.radiomics.undefined import NOT_FINITE, ROUNDING, not_defined

Values = dict[str, float]
Reasons = dict[str, str]
DIGITS_LOST = 64  # units of the last place of the scan's extreme
SHAPES = {"shape": Shape, "shape2D": getFeatureClasses()["shape2D"]}
CLASSES = SHAPES | GRAY_CLASSES
FAILURES = (ValueError, IndexError, RuntimeError, ZeroDivisionError, np.linalg.LinAlgError)


def feature_names(title: str, wanted: list[str] | None) -> list[str]:
    """The features of one class that a parameter file asks for; all that are not deprecated where it names none."""
    known = CLASSES[title].getFeatureNames()
    return list(wanted) if wanted else [name for name, deprecated in known.items() if not deprecated]


def shape_features(
    image: sitk.Image, outline: sitk.Image, *, wanted: dict[str, list[str] | None], settings: dict[str, Any]
) -> tuple[Values, Reasons]:
    """The shape of the lesion, computed once, whatever the number of image types; arguments as in `gray_features`."""
    inside = sitk.GetArrayViewFromImage(outline)
    slices = inside.shape[settings.get("force2Ddimension", 0)]
    other = "the lesion is a single voxel" if np.count_nonzero(inside) == 1 else NOT_FINITE
    values: Values = {}
    reasons: Reasons = {}
    for title, features in wanted.items():
        if title == "shape2D" and slices > 1:
            found = dict.fromkeys(feature_names(title, features), np.nan)
            undefined, why = {}, f"{title} is that of a lesion of one slice, this one has {slices}"
        elif title in SHAPES:
            found, undefined, why = _of_class(title, features, image, outline, settings)
        else:
            continue
        why = other if why == NOT_FINITE else why
        _gather(values, reasons, f"original_{title}", _sorted_out(found, dict.fromkeys(found, why), undefined))
    return values, reasons


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
    for title, features in wanted.items():
        if title not in SHAPES:
            found, undefined, why = _of_class(title, features, image, mask, settings | {"binned": binned})
            if rounded and title != "firstorder":
                undefined = dict.fromkeys(found, ROUNDING)
            elif rounded:
                undefined |= dict.fromkeys(("Skewness", "Kurtosis"), ROUNDING)
            _gather(values, reasons, f"{name}_{title}", _sorted_out(found, dict.fromkeys(found, why), undefined))
    return values, reasons


def _gather(values: Values, reasons: Reasons, prefix: str, found: tuple[Values, Reasons]) -> None:
    """Add what one class found, under full names, to the values and reasons of all."""
    for total, part in zip((values, reasons), found, strict=True):
        total |= {f"{prefix}_{feature}": item for feature, item in part.items()}


def _differs_by_rounding(image: sitk.Image, mask: sitk.Image, extreme: float) -> bool:
    """Whether gray values that ought to be equal are not, for want of digits of the filter that made them."""
    values = sitk.GetArrayViewFromImage(image)[sitk.GetArrayViewFromImage(mask) > 0]
    return bool(np.isfinite(extreme)) and 0 < np.ptp(values) <= DIGITS_LOST * np.finfo(values.dtype).eps * abs(extreme)


def _of_class(title, features, image, mask, settings) -> tuple[Values, Reasons, str]:
    """Values of one class, what of it the lesion does not define, and what to say of further values not finite."""
    names = feature_names(title, features)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            worker = CLASSES[title](image, mask, **settings)
            for feature in names:
                worker.enableFeatureByName(feature)
            found = {feature: float(value) for feature, value in worker.execute().items()}
    except FAILURES as error:
        raise_machine_fault(error)
        return dict.fromkeys(names, np.nan), {}, f"pyradiomics cannot compute {title} here: {error}"
    return found, not_defined(title, worker), NOT_FINITE


def _sorted_out(values: Values, reasons: Reasons, undefined: Reasons) -> tuple[Values, Reasons]:
    """Values with NaN for what is not defined or not finite, and the reason of each such."""
    missing = {name: undefined.get(name, reasons[name]) for name in values if not np.isfinite(values[name])}
    missing |= {name: reason for name, reason in undefined.items() if name in values}
    return values | dict.fromkeys(missing, np.nan), missing
