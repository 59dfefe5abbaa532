"""What pyradiomics accepts in a parameter file and cannot use in any scan: refused in words, before any job."""

import math
from importlib import import_module
from typing import Any

import numpy as np
from radiomics.featureextractor import RadiomicsFeatureExtractor

from ichdag.jobs import StudyError
from ichdag.number_format import format_plain
from ichdag.radiomics.engine import feature_names, gray_features
from ichdag.radiomics.filters import filtered
from ichdag.radiomics.matrices import MOST_BINS
from ichdag.radiomics.pictures import Scene, array_of, picture
from ichdag.radiomics.undefined import NOT_FINITE

NEEDS = {  # what pyradiomics imports when it makes an image, and is silent about if it is not there
    "LBP2D": (("skimage.feature", "local_binary_pattern"),),
    "LBP3D": (
        ("trimesh.creation", "icosphere"),
        ("scipy.special", "sph_harm"),
        ("scipy.ndimage.interpolation", "map_coordinates"),
    ),
}
# Those that pyradiomics itself sets to nothing, or reads as "no" where they say nothing.
MAY_SAY_NOTHING = {
    *("resampledPixelSpacing", "resegmentRange", "binCount", "removeOutliers", "minimumROISize", "weightingNorm"),
    *("interpolator", "geometryTolerance", "normalize", "preCrop", "resegmentShape", "correctMask", "additionalInfo"),
}
MAY_BE_INFINITE = {"resegmentRange", "removeOutliers"}  # no limit
ANYTHING = {"initValue"}  # of voxel maps, not used here
COUNTS = {"resampledPixelSpacing": (3,), "resegmentRange": (1, 2)}
LARGEST = {  # ASSUME: beyond these no head CT gives a feature, or no machine holds what is asked for
    "binCount": MOST_BINS,
    "sigma": 200,  # mm: a scan must be longer along every axis
    "level": 10,
    "start_level": 10,
    "distances": 500,  # voxels
    "resampledPixelSpacing": 20,  # mm
    "minimumROISize": 200_000_000,
    "gldm_a": 2**31 - 1,
    "voxelArrayShift": 2**31 - 1,
}
SMALLEST = {"resampledPixelSpacing": 0.05}  # mm, where it is not 0: the voxels of the scan
TRIAL_EDGE = 8


def refuse_unusable(extractor: RadiomicsFeatureExtractor) -> None:
    """Refuse what pyradiomics accepts in a file but cannot use in any scan. Raises StudyError."""
    settings = extractor.settings
    for own in (settings, *extractor.enabledImagetypes.values()):
        for name, value in own.items():
            if name not in ANYTHING:
                _refuse_value(name, value)
        _refuse_range(settings | own)
    if "shape2D" in extractor.enabledFeatures and not settings.get("force2D"):
        raise StudyError("shape2D is computed only with force2D: true, and of lesions of one slice")
    if settings.get("resampledPixelSpacing") is not None and settings.get("interpolator") is None:
        raise StudyError("resampledPixelSpacing without an interpolator resamples nothing: name one, as sitkBSpline")
    if not any(feature_names(title, wanted) for title, wanted in extractor.enabledFeatures.items()):
        raise StudyError("featureClass asks for no feature")


def _refuse_value(name: str, value: Any) -> None:
    """Refuse the value of one setting where no scan could be measured with it."""
    if value is None and name not in MAY_SAY_NOTHING:
        raise StudyError(f"{name} says nothing: write a value, or leave it out")
    items = value if isinstance(value, list) else [value]
    if not items:
        raise StudyError(f"{name} is an empty list: write what it is to hold, or leave it out")
    if isinstance(value, list) and len(items) not in COUNTS.get(name, (len(items),)):
        raise StudyError(f"{name} needs {' or '.join(map(str, COUNTS[name]))} numbers, found {value}")
    for item in items:
        if isinstance(item, str) and _is_number(item):
            raise StudyError(f"{name}: {item} is a text, write the number without quotation marks")
        if isinstance(value, list) and not isinstance(item, (int, float)):
            raise StudyError(f"{name} needs numbers, found {value}")
        if isinstance(item, (int, float)):
            _refuse_number(name, item)


def _refuse_number(name: str, value: float) -> None:
    if math.isnan(value) or (math.isinf(value) and name not in MAY_BE_INFINITE):
        raise StudyError(f"{name}: {value} is no number that can be calculated with, write one")
    if name in LARGEST and abs(value) > LARGEST[name]:
        raise StudyError(f"{name}: {format_plain(value)} gives nothing in any head CT, write at most {LARGEST[name]}")
    if 0 < value < SMALLEST.get(name, 0):
        raise StudyError(
            f"{name}: {format_plain(value)} is finer than any head CT, write at least {SMALLEST[name]}, or 0"
        )


def _refuse_range(settings: dict[str, Any]) -> None:
    """Refuse limits of resegmentation that no voxel can lie within."""
    limits = settings.get("resegmentRange")
    if limits is None:
        return
    low, relative = min(limits), settings.get("resegmentMode") == "relative"
    beyond = low == math.inf or (len(limits) == 2 and max(limits) == -math.inf)
    if beyond or (relative and low > 1):
        more = ", whose parts of the largest gray value are at most 1" if relative else ""
        raise StudyError(f"resegmentRange {limits} leaves no voxel of any lesion{more}")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _why_none(kind: str) -> str:
    """Why pyradiomics makes no image of a type: what it imports for it and does not find, or a setting."""
    for module, name in NEEDS.get(kind, ()):
        try:
            getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            return f"pyradiomics needs {name} of {module}, which the packages here do not have ({error})"
    return "it needs a setting (LoG needs sigma)"


def trial_scene(types: dict[str, dict[str, Any]], settings: dict[str, Any]) -> Scene:
    """A scan of 8 x 8 x 8 voxels with a lesion of 2 x 2 x 2, large enough for every sigma that is asked for."""
    values = np.random.default_rng(0).normal(40, 5, (TRIAL_EDGE,) * 3)
    if settings.get("normalize"):
        values = (values - 40) / 5 * settings["normalizeScale"]
    inside = np.ones((2, 2, 2), dtype=bool)
    largest = max(max((settings | own).get("sigma", [0])) for own in (types.values() or [{}]))
    return Scene(values, np.full(3, max(largest, 1.0)), (slice(3, 5),) * 3, inside, inside)


def try_out(extractor: RadiomicsFeatureExtractor) -> None:
    """Refuse what fails on a scan made up for a trial: preprocessing, each image type, each class of features.

    Raises StudyError, and what PyWavelets, SimpleITK and pyradiomics raise themselves.
    """
    _try_preprocessing(extractor.settings, extractor)
    for kind, own in extractor.enabledImagetypes.items():
        scene = trial_scene({kind: own}, extractor.settings)
        images = list(filtered(scene, types={kind: own}, settings=extractor.settings))
        if not images:
            raise StudyError(f"image type {kind} makes no image here: {_why_none(kind)}")
        mask = picture(scene.inside.astype(np.uint8), scene.spacing_mm)
        for image, name, used in images:
            used = used | {"distances": [1]}  # further ones need a larger lesion
            wanted = extractor.enabledFeatures
            _, missing = gray_features(image, mask, name=name, wanted=wanted, settings=used, extreme=scene.extreme)
            for feature, reason in missing.items():
                if reason == NOT_FINITE or reason.startswith("pyradiomics cannot"):
                    raise StudyError(f"{feature} would be missing in everybody: {reason}")


def _try_preprocessing(settings: dict[str, Any], extractor: RadiomicsFeatureExtractor) -> None:
    """Refuse a resampling or normalization that pyradiomics or ITK cannot do."""
    asked = np.array(settings.get("resampledPixelSpacing") or [0, 0, 0], dtype=float)
    spacing = np.where(asked > 0, 1.5 * asked, 1.0)
    values = np.random.default_rng(0).normal(40, 5, (TRIAL_EDGE,) * 3)
    mask = np.zeros(values.shape, dtype=np.uint8)
    mask[2:6, 2:6, 2:6] = 1
    pair = picture(values, spacing), picture(mask, spacing)
    try:
        image, _ = extractor.loadImage(*pair, None, **settings)
    except RuntimeError as error:
        if "Resample" not in str(error):
            raise
        raise StudyError(
            f"interpolator: {settings['interpolator']} is none that this SimpleITK resamples with: write a name, as "
            "sitkBSpline (3 in older releases) or sitkLinear"
        ) from error
    if not np.isfinite(array_of(image)).all():
        raise StudyError("normalization or resampling gives gray values that are not finite")
