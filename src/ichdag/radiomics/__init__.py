"""Radiomics: pyradiomics on the lesion and the tissue its filters reach. No feature formula of our own."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from radiomics.featureextractor import RadiomicsFeatureExtractor

from ichdag.images import Volume, same_grid
from ichdag.jobs import DataFault, StudyError

DIAGNOSTICS = (
    "diagnostics_Image-original_Mean",
    "diagnostics_Image-original_Minimum",
    "diagnostics_Image-original_Maximum",
    "diagnostics_Mask-original_VoxelNum",
    "diagnostics_Mask-original_VolumeNum",
)
POINTWISE = ("Square", "SquareRoot", "Logarithm", "Exponential")


@dataclass(frozen=True)
class Settings:
    """Settings of the radiomics stage; meanings and units in config/schemas/radiomics.schema.json."""

    parameters: str
    crop_margin_mm: float
    drop_whole_image_diagnostics: bool


def extract(scan: Volume, *, mask: Volume, settings: Settings) -> dict[str, float]:
    """The features of one lesion by name: 1693 with the shipped parameter file.

    Source: pyradiomics (van Griethuysen et al. 2017). The pair is cropped to the lesion and the tissue its filters
    reach; the whole-image diagnostics are those of the whole scan. Raises DataFault if the mask is empty, on another
    grid, or the lesion is too small for a texture matrix.
    """
    if not same_grid(scan, mask):
        raise DataFault(
            "radiomics", f"mask of {mask.values.shape} voxels is not on the scan's grid {scan.values.shape}"
        )
    if not mask.values.any():
        raise DataFault("radiomics", "the mask is empty")
    logging.getLogger("radiomics").setLevel(logging.ERROR)
    extractor = _extractor(settings.parameters)
    found: dict[str, Any] = {}
    for types, pair in _views(scan, mask, extractor, settings.crop_margin_mm):
        extractor.disableAllImageTypes()
        extractor.enableImageTypes(**types)
        try:
            found |= extractor.execute(*map(_to_sitk, pair))
        except ValueError as error:
            raise DataFault("radiomics", f"pyradiomics: {error}") from error
    whole = (scan.values.mean(dtype=np.float64), scan.values.min(), scan.values.max())
    found |= dict(zip(DIAGNOSTICS[:3], whole, strict=True))
    kept = DIAGNOSTICS[3 * settings.drop_whole_image_diagnostics :]
    values = {name: float(found[name]) for name in kept if name in found}
    values |= {name: float(value) for name, value in found.items() if not name.startswith("diagnostics_")}
    wrong = [name for name, value in values.items() if not np.isfinite(value)]
    if wrong:
        raise DataFault(
            "radiomics", f"{len(wrong)} features are not finite, {wrong[0]} first: lesion too small or flat"
        )
    return values


def _views(scan: Volume, mask: Volume, extractor: RadiomicsFeatureExtractor, margin_mm: float):
    """Yield image types with the pair of volumes they need, smaller than the scan, the same values in the lesion.

    Filters that look at neighbors get a margin. Those that work voxel by voxel need none, but scale by the largest
    absolute HU of the whole scan: it is put in a voxel beside the lesion's box. Settings that normalize or resample
    look at everything, so that nothing is cropped.
    """
    types = dict(extractor.enabledImagetypes)
    if extractor.settings.get("normalize") or extractor.settings.get("resampledPixelSpacing"):
        yield types, (scan, mask)
        return
    pointwise = {name: types.pop(name) for name in POINTWISE if name in types}
    if types:
        yield types, _cropped(scan, mask, margin_mm)
    if pointwise:
        box, lesion = _cropped(scan, mask, 0)
        values, inside = np.pad(box.values, 1, mode="edge"), np.pad(lesion.values, 1)
        values[0, 0, 0] = scan.values.ravel()[np.abs(scan.values).argmax()]
        affine = box.affine.copy()
        affine[:3, 3] -= affine[:3, :3].sum(axis=1)
        yield pointwise, (Volume(values, affine), Volume(inside, affine))


def _extractor(parameters: str) -> RadiomicsFeatureExtractor:
    """pyradiomics with a parameter file. Raises StudyError if it is missing or not one."""
    if not Path(parameters).is_file():
        raise StudyError(f"radiomics parameter file {parameters} not found: mend config radiomics.parameters")
    try:
        return RadiomicsFeatureExtractor(parameters)
    except Exception as error:
        raise StudyError(f"{parameters} is not a pyradiomics parameter file: {error}") from error


def _cropped(scan: Volume, mask: Volume, margin_mm: float) -> tuple[Volume, Volume]:
    """Both volumes, reduced to the bounding box of the mask and a margin; world coordinates stay."""
    steps = np.ceil(margin_mm / scan.spacing_mm).astype(int)
    places = np.argwhere(mask.values)
    low = np.maximum(places.min(axis=0) - steps, 0)
    high = np.minimum(places.max(axis=0) + steps + 1, scan.values.shape)
    window = tuple(slice(*ends) for ends in zip(low, high, strict=False))
    affine = scan.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ low
    return Volume(scan.values[window], affine), Volume(mask.values[window], affine)


def _to_sitk(volume: Volume) -> sitk.Image:
    """The same image for SimpleITK: axes reversed in memory, world axes LPS."""
    values: Any = volume.values.astype(np.uint8) if volume.values.dtype == bool else volume.values.astype(np.float64)
    image = sitk.GetImageFromArray(np.ascontiguousarray(values.T))
    flip = np.diag([-1.0, -1.0, 1.0])
    image.SetSpacing(volume.spacing_mm.tolist())
    image.SetOrigin((flip @ volume.affine[:3, 3]).tolist())
    image.SetDirection((flip @ volume.affine[:3, :3] / volume.spacing_mm).ravel().tolist())
    return image
