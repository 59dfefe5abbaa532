"""Extract the features of one lesion: pyradiomics' preprocessing, filters and feature classes."""

import logging
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from radiomics import imageoperations
from radiomics.featureextractor import RadiomicsFeatureExtractor
from radiomics.generalinfo import GeneralInfo

from ichdag.file_errors import raise_machine_fault
from ichdag.grids import bounding_box
from ichdag.images import Volume, grid_difference, same_grid
from ichdag.jobs import DataFault
from ichdag.radiomics.feature_classes import gray_level_features, shape_features
from ichdag.radiomics.filters import apply_filters
from ichdag.radiomics.lesion_crop import LesionCrop, array_to_sitk, expand_box, sitk_to_array, to_sitk
from ichdag.radiomics.parameters import DIAGNOSTICS, column_names, read_parameters

TOO_SMALL = "the scan is too small for this filter"
NOT_GIVEN = "pyradiomics gives no value of this name"
WHOLE_SCAN_SETTINGS = ("normalize", "resampledPixelSpacing", "preCrop")  # read the whole scan, or change its grid


@dataclass(frozen=True)
class RadiomicsSettings:
    """Settings of an extraction; meanings and units in config/schemas/radiomics.schema.json."""

    parameters: str
    drop_whole_image_diagnostics: bool
    truncate_resampled: bool


@dataclass(frozen=True)
class Extraction:
    """The features of one lesion by name, the same names in the same order for all, and the reason of each NaN."""

    values: dict[str, float]
    missing: dict[str, str]


def extract(scan: Volume, *, mask: Volume, settings: RadiomicsSettings) -> dict[str, float]:
    """Extract the features of one lesion by name, NaN where the lesion does not define one; see `extract_lesion`."""
    return extract_lesion(scan, mask=mask, settings=settings).values


def extract_lesion(scan: Volume, *, mask: Volume, settings: RadiomicsSettings) -> Extraction:
    """Extract the features of one lesion from a scan (HU): 1693 with the shipped parameter file.

    The values are those of pyradiomics on the whole scan. Where the parameter file resamples, gray values keep their
    fractions. pyradiomics truncates them if the scan is stored as integers and is not normalized;
    `settings.truncate_resampled` does the same. Raises DataFault if the mask is empty, on another grid, or smaller than
    the parameter file allows. Source: pyradiomics (van Griethuysen et al. 2017).
    """
    if not same_grid(scan, mask):
        raise DataFault("radiomics", f"the mask is not on the scan's grid: {grid_difference(mask, scan)}")
    if not mask.values.any():
        raise DataFault("radiomics", "the mask is empty")
    logging.getLogger("radiomics").setLevel(logging.ERROR)
    extractor = read_parameters(settings.parameters)
    columns = column_names(extractor, drop_whole_image_diagnostics=settings.drop_whole_image_diagnostics)
    try:
        diagnostics = _diagnostics(scan, mask)
        preprocessed = _preprocess(scan, mask, extractor, truncate=settings.truncate_resampled)
        features, missing = _compute_features(_crop_lesion(*preprocessed, extractor), extractor)
    except (ValueError, RuntimeError) as error:  # ITK raises RuntimeError, e.g. if a spline has too few slices
        raise_machine_fault(error)
        raise DataFault("radiomics", f"pyradiomics: {' '.join(str(error).split())}") from error
    values = diagnostics | features
    missing |= {name: _reason_for_missing_column(name, features) for name in columns if name not in values}
    return Extraction({name: values.get(name, np.nan) for name in columns}, missing)


def _reason_for_missing_column(name: str, features: dict[str, float]) -> str:
    """Return why a column has no value: the scan is too small for its LoG image, or pyradiomics gave no value."""
    image_name = name.split("_")[0]
    has_image = any(feature.startswith(f"{image_name}_") for feature in features)
    return TOO_SMALL if image_name.startswith("log-sigma") and not has_image else NOT_GIVEN


def _compute_features(
    crop: LesionCrop, extractor: RadiomicsFeatureExtractor
) -> tuple[dict[str, float], dict[str, str]]:
    """Return all features of a lesion, and the reason of every missing one."""
    intensity_mask = array_to_sitk(crop.intensity_mask.astype(np.uint8), crop.spacing_mm)
    morphological_mask = array_to_sitk(crop.morphological_mask.astype(np.uint8), crop.spacing_mm)
    original = array_to_sitk(crop.values[crop.box].astype(np.float64), crop.spacing_mm)
    enabled = extractor.enabledFeatures
    values, missing = shape_features(original, morphological_mask, enabled=enabled, settings=extractor.settings)
    images = apply_filters(crop, image_types=extractor.enabledImagetypes, settings=extractor.settings)
    for image, image_name, settings in images:
        image_values, reasons = gray_level_features(
            image, intensity_mask, image_name=image_name, enabled=enabled, settings=settings, extreme=crop.extreme
        )
        values |= image_values
        missing |= reasons
    return values, missing


def _diagnostics(scan: Volume, mask: Volume) -> dict[str, float]:
    """Return pyradiomics' scalar diagnostics: gray values of the scan, voxels and connected components of the mask."""
    info = GeneralInfo()
    box = bounding_box(mask.values)
    info.addMaskElements(None, array_to_sitk(mask.values[box].astype(np.uint8), mask.spacing_mm), 1)
    of_mask = info.getGeneralInfo()
    of_scan = (scan.values.mean(dtype=np.float64), scan.values.min(), scan.values.max())
    values = [*of_scan, *(of_mask[name] for name in DIAGNOSTICS[3:])]
    return {name: float(value) for name, value in zip(DIAGNOSTICS, values, strict=True)}


def _preprocess(
    scan: Volume, mask: Volume, extractor: RadiomicsFeatureExtractor, *, truncate: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normalize, resample and crop as the parameter file asks; return gray values, mask and voxel size (mm)."""
    settings = extractor.settings
    if not any(settings.get(name) for name in WHOLE_SCAN_SETTINGS):
        return scan.values, mask.values, scan.spacing_mm
    lesion = Volume(mask.values, scan.affine)  # exactly the same grid
    image = to_sitk(scan)
    if truncate and np.array_equal(scan.values, np.rint(scan.values)):
        image = sitk.Cast(image, sitk.sitkInt32)
    image, lesion_image = extractor.loadImage(image, to_sitk(lesion), None, **settings)
    return sitk_to_array(image), sitk_to_array(lesion_image) == 1, np.array(image.GetSpacing())


def _crop_lesion(
    values: np.ndarray, mask: np.ndarray, spacing_mm: np.ndarray, extractor: RadiomicsFeatureExtractor
) -> LesionCrop:
    """Crop to the lesion, resegmented where asked. Raises DataFault if it is smaller than the settings allow."""
    settings = extractor.settings
    if not mask.any():
        raise DataFault("radiomics", "no voxel of the mask is left after preprocessing")
    box = bounding_box(mask)
    morphological_mask = mask[box]
    _check_size(morphological_mask, settings)
    intensity_mask = morphological_mask
    if settings.get("resegmentRange") is not None:
        intensity_mask = _resegment(values[box], morphological_mask, spacing_mm, settings)
        _check_size(intensity_mask, settings)
        if settings.get("resegmentShape"):
            morphological_mask = intensity_mask
    inner = bounding_box(intensity_mask)
    box = tuple(slice(a.start + b.start, a.start + b.stop) for a, b in zip(box, inner, strict=True))
    intensity_mask = intensity_mask[inner]
    morphological_mask = morphological_mask[inner]
    if np.count_nonzero(intensity_mask) == 1:  # pyradiomics' texture classes need more than one voxel on each axis
        box = expand_box(box, (1, 1, 1), mask.shape)
        intensity_mask = mask[box]
        morphological_mask = mask[box]
    return LesionCrop(np.asfortranarray(values), spacing_mm, box, intensity_mask, morphological_mask)


def _resegment(values: np.ndarray, mask: np.ndarray, spacing_mm: np.ndarray, settings: dict) -> np.ndarray:
    """Return the voxels of a mask within resegmentRange. Raises DataFault if fewer than two are left."""
    image = array_to_sitk(values.astype(np.float64), spacing_mm)
    mask_image = array_to_sitk(mask.astype(np.uint8), spacing_mm)
    try:
        return sitk_to_array(imageoperations.resegmentMask(image, mask_image, **settings)) == 1
    except ValueError as error:
        raise_machine_fault(error)
        setting = f"resegmentRange {settings['resegmentRange']} ({settings.get('resegmentMode', 'absolute')})"
        raise DataFault("radiomics", f"{setting} leaves fewer than two voxels of the lesion") from error


def _check_size(mask: np.ndarray, settings: dict) -> None:
    """Raise DataFault if the lesion is below minimumROIDimensions or minimumROISize; one voxel counts as a line."""
    n_voxels = np.count_nonzero(mask)
    n_dimensions = max(sum(side.stop - side.start > 1 for side in bounding_box(mask)), 1)
    min_voxels = settings.get("minimumROISize")
    min_dimensions = settings["minimumROIDimensions"]
    if n_dimensions < min_dimensions:
        raise DataFault(
            "radiomics", f"the lesion extends in {n_dimensions} dimensions, minimumROIDimensions: {min_dimensions}"
        )
    if min_voxels is not None and n_voxels <= min_voxels:
        raise DataFault("radiomics", f"the lesion has {n_voxels} voxels, minimumROISize: {min_voxels}")
