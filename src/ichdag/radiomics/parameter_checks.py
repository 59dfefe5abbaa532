"""Check a parameter file for settings that pyradiomics accepts but cannot use in any scan, before the first job."""

import math
from importlib import import_module
from typing import Any

import numpy as np
from radiomics.featureextractor import RadiomicsFeatureExtractor

from ichdag.jobs import StudyError
from ichdag.number_format import format_plain
from ichdag.radiomics.feature_classes import feature_names, gray_level_features
from ichdag.radiomics.filters import apply_filters
from ichdag.radiomics.gray_level_matrices import MAX_BINS
from ichdag.radiomics.lesion_crop import LesionCrop, array_to_sitk, sitk_to_array
from ichdag.radiomics.undefined_features import NOT_FINITE

REQUIRED_IMPORTS = {  # image type: (module, name) that pyradiomics imports for it; it hides a failed import
    "LBP2D": (("skimage.feature", "local_binary_pattern"),),
    "LBP3D": (
        ("trimesh.creation", "icosphere"),
        ("scipy.special", "sph_harm"),
        ("scipy.ndimage.interpolation", "map_coordinates"),
    ),
}
# Settings that pyradiomics itself sets to null, or reads as false if they are null.
MAY_BE_NULL = {
    *("resampledPixelSpacing", "resegmentRange", "binCount", "removeOutliers", "minimumROISize", "weightingNorm"),
    *("interpolator", "geometryTolerance", "normalize", "preCrop", "resegmentShape", "correctMask", "additionalInfo"),
}
MAY_BE_INFINITE = {"resegmentRange", "removeOutliers"}  # infinity is "no limit"
UNCHECKED = {"initValue"}  # of voxel maps, which are not computed
LIST_LENGTHS = {"resampledPixelSpacing": (3,), "resegmentRange": (1, 2)}
MAX_VALUES = {  # ASSUME: above these no head CT has a feature, or no machine has enough memory
    "binCount": MAX_BINS,
    "sigma": 200,  # mm; a scan must be longer than this along every axis
    "level": 10,
    "start_level": 10,
    "distances": 500,  # voxels
    "resampledPixelSpacing": 20,  # mm
    "minimumROISize": 200_000_000,
    "gldm_a": 2**31 - 1,
    "voxelArrayShift": 2**31 - 1,
}
MIN_VALUES = {"resampledPixelSpacing": 0.05}  # mm; 0 keeps the voxel size of the scan
TRIAL_EDGE = 8


def check_settings(extractor: RadiomicsFeatureExtractor) -> None:
    """Raise StudyError for settings that pyradiomics accepts but cannot use in any scan."""
    settings = extractor.settings
    for own_settings in (settings, *extractor.enabledImagetypes.values()):
        for name, value in own_settings.items():
            if name not in UNCHECKED:
                _check_value(name, value)
        _check_resegmentation_range(settings | own_settings)
    if "shape2D" in extractor.enabledFeatures and not settings.get("force2D"):
        raise StudyError("shape2D is computed only with force2D: true, and of lesions of one slice")
    if settings.get("resampledPixelSpacing") is not None and settings.get("interpolator") is None:
        raise StudyError(
            "resampledPixelSpacing without an interpolator resamples nothing: write an interpolator, e.g. sitkBSpline"
        )
    if not any(feature_names(class_name, names) for class_name, names in extractor.enabledFeatures.items()):
        raise StudyError("featureClass asks for no feature")


def _check_value(name: str, value: Any) -> None:
    """Raise StudyError if no feature can be computed with this value of a setting."""
    if value is None and name not in MAY_BE_NULL:
        raise StudyError(f"{name} has no value: write one, or remove the setting")
    items = value if isinstance(value, list) else [value]
    if not items:
        raise StudyError(f"{name} is an empty list: write its values, or remove the setting")
    if isinstance(value, list) and len(items) not in LIST_LENGTHS.get(name, (len(items),)):
        raise StudyError(f"{name} needs {' or '.join(map(str, LIST_LENGTHS[name]))} numbers, found {value}")
    for item in items:
        if isinstance(item, str) and _is_number(item):
            raise StudyError(f"{name}: {item} is a text: write the number without quotation marks")
        if isinstance(value, list) and not isinstance(item, (int, float)):
            raise StudyError(f"{name} needs numbers, found {value}")
        if isinstance(item, (int, float)):
            _check_number(name, item)


def _check_number(name: str, value: float) -> None:
    """Raise StudyError if a number is not finite or out of range."""
    if math.isnan(value) or (math.isinf(value) and name not in MAY_BE_INFINITE):
        raise StudyError(f"{name}: {value} is not a finite number: write one")
    if name in MAX_VALUES and abs(value) > MAX_VALUES[name]:
        raise StudyError(
            f"{name}: {format_plain(value)} gives no feature in any head CT: write at most {MAX_VALUES[name]}"
        )
    if 0 < value < MIN_VALUES.get(name, 0):
        raise StudyError(
            f"{name}: {format_plain(value)} is finer than any head CT: write at least {MIN_VALUES[name]}, or 0"
        )


def _check_resegmentation_range(settings: dict[str, Any]) -> None:
    """Raise StudyError if no voxel can lie within the resegmentation range."""
    limits = settings.get("resegmentRange")
    if limits is None:
        return
    low = min(limits)
    relative = settings.get("resegmentMode") == "relative"
    is_empty = low == math.inf or (len(limits) == 2 and max(limits) == -math.inf)
    if is_empty or (relative and low > 1):
        hint = ": relative limits are fractions of the largest gray value, at most 1" if relative else ""
        raise StudyError(f"resegmentRange {limits} leaves no voxel of any lesion{hint}")


def _is_number(text: str) -> bool:
    """Return whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _reason_for_no_image(image_type: str) -> str:
    """Return why pyradiomics makes no image of a type: a missing package, or a missing setting."""
    for module, name in REQUIRED_IMPORTS.get(image_type, ()):
        try:
            getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            return f"pyradiomics needs {name} of {module}, which is not installed ({error})"
    return "it needs a setting (LoG needs sigma)"


def make_trial_crop(image_types: dict[str, dict[str, Any]], settings: dict[str, Any]) -> LesionCrop:
    """Make a scan of 8 x 8 x 8 voxels with a lesion of 2 x 2 x 2, large enough (in mm) for every sigma of the file."""
    values = np.random.default_rng(0).normal(40, 5, (TRIAL_EDGE,) * 3)
    if settings.get("normalize"):
        values = (values - 40) / 5 * settings["normalizeScale"]
    mask = np.ones((2, 2, 2), dtype=bool)
    max_sigma = max(max((settings | own).get("sigma", [0])) for own in (image_types.values() or [{}]))
    return LesionCrop(values, np.full(3, max(max_sigma, 1.0)), (slice(3, 5),) * 3, mask, mask)


def try_parameters(extractor: RadiomicsFeatureExtractor) -> None:
    """Try preprocessing, each image type and each feature class on a small made-up scan.

    Raises StudyError if one fails or gives no finite value, and the exceptions of PyWavelets, SimpleITK, pyradiomics.
    """
    _try_preprocessing(extractor.settings, extractor)
    for image_type, own_settings in extractor.enabledImagetypes.items():
        image_types = {image_type: own_settings}
        crop = make_trial_crop(image_types, extractor.settings)
        images = list(apply_filters(crop, image_types=image_types, settings=extractor.settings))
        if not images:
            raise StudyError(f"image type {image_type} makes no image here: {_reason_for_no_image(image_type)}")
        mask = array_to_sitk(crop.intensity_mask.astype(np.uint8), crop.spacing_mm)
        for image, image_name, settings in images:
            _, missing = gray_level_features(
                image,
                mask,
                image_name=image_name,
                enabled=extractor.enabledFeatures,
                settings=settings | {"distances": [1]},  # larger distances need a larger lesion
                extreme=crop.extreme,
            )
            for feature, reason in missing.items():
                if reason == NOT_FINITE or reason.startswith("pyradiomics cannot"):
                    raise StudyError(f"{feature} would be missing in all participants: {reason}")


def _try_preprocessing(settings: dict[str, Any], extractor: RadiomicsFeatureExtractor) -> None:
    """Raise StudyError for a resampling or normalization that pyradiomics or ITK cannot do."""
    resampled_mm = np.array(settings.get("resampledPixelSpacing") or [0, 0, 0], dtype=float)
    spacing = np.where(resampled_mm > 0, 1.5 * resampled_mm, 1.0)
    values = np.random.default_rng(0).normal(40, 5, (TRIAL_EDGE,) * 3)
    mask = np.zeros(values.shape, dtype=np.uint8)
    mask[2:6, 2:6, 2:6] = 1
    try:
        image, _ = extractor.loadImage(array_to_sitk(values, spacing), array_to_sitk(mask, spacing), None, **settings)
    except RuntimeError as error:
        if "Resample" not in str(error):
            raise
        raise StudyError(
            f"interpolator: {settings['interpolator']} is not an interpolator of this SimpleITK: write a name, e.g. "
            "sitkBSpline (3 in older releases) or sitkLinear"
        ) from error
    if not np.isfinite(sitk_to_array(image)).all():
        raise StudyError("normalization or resampling gives gray values that are not finite")
