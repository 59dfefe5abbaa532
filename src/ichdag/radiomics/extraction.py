"""The features of one lesion: pyradiomics' preprocessing, its filters on what they need, its feature classes."""

import logging
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from radiomics import imageoperations
from radiomics.featureextractor import RadiomicsFeatureExtractor
from radiomics.generalinfo import GeneralInfo

from ichdag.file_errors import raise_machine_fault
from ichdag.images import Volume, grid_difference, same_grid
from ichdag.jobs import DataFault
from ichdag.radiomics.engine import gray_features, shape_features
from ichdag.radiomics.filters import filtered
from ichdag.radiomics.parameters import DIAGNOSTICS, column_names, read_parameters
from ichdag.radiomics.pictures import Scene, array_of, box_of, picture, to_sitk, widened

TOO_SMALL = "the scan is too small for this filter"
NOT_GIVEN = "pyradiomics gives no value of this name"
GLOBAL = ("normalize", "resampledPixelSpacing", "preCrop")  # settings that look at the whole scan, or change its grid


@dataclass(frozen=True)
class Settings:
    """Settings of an extraction; meanings and units in config/schemas/radiomics.schema.json."""

    parameters: str
    drop_whole_image_diagnostics: bool
    truncate_resampled: bool


@dataclass(frozen=True)
class Extraction:
    """The features of one lesion by name, always the same names in the same order, and why those that are NaN are."""

    values: dict[str, float]
    missing: dict[str, str]


def extract(scan: Volume, *, mask: Volume, settings: Settings) -> dict[str, float]:
    """The features of one lesion by name, NaN where the lesion does not define one; see `extract_lesion`."""
    return extract_lesion(scan, mask=mask, settings=settings).values


def extract_lesion(scan: Volume, *, mask: Volume, settings: Settings) -> Extraction:
    """The features of one lesion: 1693 with the shipped parameter file, equal to pyradiomics' on the whole scan.

    Where the parameter file resamples, gray values keep their fractions, which pyradiomics cuts off if the scan is
    stored as whole numbers and is not normalized; settings.truncate_resampled does so here.
    Source: pyradiomics (van Griethuysen et al. 2017). Raises DataFault if the mask is empty, on another grid, or
    smaller than the parameter file allows.
    """
    if not same_grid(scan, mask):
        raise DataFault("radiomics", f"the mask is not on the scan's grid: {grid_difference(mask, scan)}")
    if not mask.values.any():
        raise DataFault("radiomics", "the mask is empty")
    logging.getLogger("radiomics").setLevel(logging.ERROR)
    extractor = read_parameters(settings.parameters)
    columns = column_names(extractor, drop_whole_image_diagnostics=settings.drop_whole_image_diagnostics)
    try:
        found = _diagnostics(scan, mask)
        scene = _scene(*_preprocessed(scan, mask, extractor, truncate=settings.truncate_resampled), extractor)
        values, missing = _measured(scene, extractor)
    except (ValueError, RuntimeError) as error:  # ITK raises RuntimeError, at slices too few for a spline among others
        raise_machine_fault(error)
        raise DataFault("radiomics", f"pyradiomics: {' '.join(str(error).split())}") from error
    found |= values
    missing |= {name: _why_absent(name, values) for name in columns if name not in found}
    return Extraction({name: found.get(name, np.nan) for name in columns}, missing)


def _why_absent(name: str, values: dict[str, float]) -> str:
    """Why a column has no value: its image was not made, as LoG images are not of a small scan, or else not known."""
    image = name.split("_")[0]
    made = any(other.startswith(f"{image}_") for other in values)
    return TOO_SMALL if image.startswith("log-sigma") and not made else NOT_GIVEN


def _measured(scene: Scene, extractor: RadiomicsFeatureExtractor) -> tuple[dict[str, float], dict[str, str]]:
    """All features of a scene, and the reason of every missing one."""
    inside, outline = (picture(mask.astype(np.uint8), scene.spacing_mm) for mask in (scene.inside, scene.outline))
    gray = picture(scene.values[scene.box].astype(np.float64), scene.spacing_mm)
    wanted = extractor.enabledFeatures
    values, missing = shape_features(gray, outline, wanted=wanted, settings=extractor.settings)
    for image, name, used in filtered(scene, types=extractor.enabledImagetypes, settings=extractor.settings):
        found, reasons = gray_features(image, inside, name=name, wanted=wanted, settings=used, extreme=scene.extreme)
        values |= found
        missing |= reasons
    return values, missing


def _diagnostics(scan: Volume, mask: Volume) -> dict[str, float]:
    """pyradiomics' scalar diagnostics: gray values of the whole scan; voxels and connected parts of the mask."""
    about = GeneralInfo()
    box = box_of(mask.values)
    about.addMaskElements(None, picture(mask.values[box].astype(np.uint8), mask.spacing_mm), 1)
    known = about.getGeneralInfo()
    whole = (scan.values.mean(dtype=np.float64), scan.values.min(), scan.values.max())
    found = [*whole, *(known[name] for name in DIAGNOSTICS[3:])]
    return {name: float(value) for name, value in zip(DIAGNOSTICS, found, strict=True)}


def _preprocessed(
    scan: Volume, mask: Volume, extractor: RadiomicsFeatureExtractor, *, truncate: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gray values, mask and voxel size after what the parameter file asks for before any filter."""
    settings = extractor.settings
    if not any(settings.get(name) for name in GLOBAL):
        return scan.values, mask.values, scan.spacing_mm
    own = Volume(mask.values, scan.affine)  # the same grid, to the last digit
    image = to_sitk(scan)
    if truncate and np.array_equal(scan.values, np.rint(scan.values)):
        image = sitk.Cast(image, sitk.sitkInt32)
    image, lesion = extractor.loadImage(image, to_sitk(own), None, **settings)
    return array_of(image), array_of(lesion) == 1, np.array(image.GetSpacing())


def _scene(values: np.ndarray, mask: np.ndarray, spacing_mm: np.ndarray, extractor: RadiomicsFeatureExtractor) -> Scene:
    """The lesion in its box, resegmented where asked. Raises DataFault if it is smaller than the settings allow."""
    settings = extractor.settings
    if not mask.any():
        raise DataFault("radiomics", "no voxel of the mask is left after preprocessing")
    box = box_of(mask)
    outline = mask[box]
    _refuse_small(outline, settings)
    inside = outline
    if settings.get("resegmentRange") is not None:
        inside = _resegmented(values[box], outline, spacing_mm, settings)
        _refuse_small(inside, settings)
    own = box_of(inside)
    box = tuple(slice(side.start + part.start, side.start + part.stop) for side, part in zip(box, own, strict=True))
    inside, outline = inside[own], (inside if settings.get("resegmentShape") else outline)[own]
    if np.count_nonzero(inside) == 1:  # pyradiomics' texture classes need an extent to look along
        box = widened(box, (1, 1, 1), mask.shape)
        inside = outline = mask[box]
    return Scene(np.asfortranarray(values), spacing_mm, box, inside, outline)


def _resegmented(values: np.ndarray, mask: np.ndarray, spacing_mm: np.ndarray, settings: dict) -> np.ndarray:
    """The voxels of a mask within resegmentRange. Raises DataFault if fewer than two are left."""
    pair = picture(values.astype(np.float64), spacing_mm), picture(mask.astype(np.uint8), spacing_mm)
    try:
        return array_of(imageoperations.resegmentMask(*pair, **settings)) == 1
    except ValueError as error:
        raise_machine_fault(error)
        asked = f"resegmentRange {settings['resegmentRange']} ({settings.get('resegmentMode', 'absolute')})"
        raise DataFault("radiomics", f"{asked} leaves fewer than two voxels of the lesion") from error


def _refuse_small(mask: np.ndarray, settings: dict) -> None:
    """Refuse what the parameter file's minimumROIDimensions and minimumROISize refuse; one voxel counts as a line."""
    voxels = np.count_nonzero(mask)
    extended = max(sum(side.stop - side.start > 1 for side in box_of(mask)), 1)
    fewest, dimensions = settings.get("minimumROISize"), settings["minimumROIDimensions"]
    if extended < dimensions:
        raise DataFault("radiomics", f"the lesion extends in {extended} dimensions, minimumROIDimensions: {dimensions}")
    if fewest is not None and voxels <= fewest:
        raise DataFault("radiomics", f"the lesion has {voxels} voxels, minimumROISize: {fewest}")
