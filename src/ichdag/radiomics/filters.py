"""Make pyradiomics' image types in the bounding box of the lesion: each filter reads only the voxels that it needs."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pywt
import SimpleITK as sitk
from radiomics import imageoperations

from ichdag.grids import Box
from ichdag.radiomics.laplacian_of_gaussian import can_filter, laplacian_of_gaussian
from ichdag.radiomics.lesion_crop import LesionCrop, array_to_sitk, expand_box, relative_box

FilteredImages = Iterator[tuple[sitk.Image, str, dict[str, Any]]]


def apply_filters(
    crop: LesionCrop, *, image_types: dict[str, dict[str, Any]], settings: dict[str, Any]
) -> FilteredImages:
    """Yield each filtered image in the box of the lesion, with pyradiomics' name and the settings of its features.

    `image_types` are pyradiomics' image types with their own settings, in their order. A filter whose neighborhood is
    not known gets the whole scan. A filter that the scan is too small for yields nothing.
    """
    for image_type, own_settings in image_types.items():
        yield from FILTERS.get(image_type, _filter_whole_scan)(crop, image_type, settings | own_settings)


def _original(crop: LesionCrop, image_type: str, settings: dict[str, Any]) -> FilteredImages:
    """Yield the unfiltered image."""
    yield from _filter_region(crop, crop.box, image_type, settings)


def _gradient(crop: LesionCrop, image_type: str, settings: dict[str, Any]) -> FilteredImages:
    """Yield the gradient magnitude; its central difference needs one voxel on each side."""
    yield from _filter_region(crop, expand_box(crop.box, (2, 2, 2), crop.values.shape), image_type, settings)


def _filter_whole_scan(crop: LesionCrop, image_type: str, settings: dict[str, Any]) -> FilteredImages:
    """Yield the images of a filter that is given the whole scan."""
    yield from _filter_region(crop, tuple(slice(0, size) for size in crop.values.shape), image_type, settings)


def _pointwise(crop: LesionCrop, image_type: str, settings: dict[str, Any]) -> FilteredImages:
    """Yield the image of a filter of single voxels.

    These filters scale by the extreme gray value of the scan, which is put into a voxel beside the box.
    """
    values = np.pad(crop.values[crop.box].astype(np.float64), 1, mode="edge")
    values[0, 0, 0] = crop.extreme
    box = tuple(slice(1, size - 1) for size in values.shape)
    yield from _run_filter(crop, values, box, image_type, settings)


def _wavelet(crop: LesionCrop, image_type: str, settings: dict[str, Any]) -> FilteredImages:
    """Yield the wavelet images, from an even number of voxels on each axis, wrapped around at the borders of the scan.

    pyradiomics appends the first plane to an axis of odd length, and its transform is periodic.
    """
    wavelet = settings.get("wavelet", "coif1")
    length = (wavelet if isinstance(wavelet, pywt.Wavelet) else pywt.Wavelet(wavelet)).dec_len
    margin = (length // 2 + 1) * (settings.get("start_level", 0) + settings.get("level", 1))
    indices = []
    box = []
    for side, size in zip(crop.box, crop.values.shape, strict=True):
        width = side.stop - side.start
        indices.append(np.arange(side.start - margin, side.stop + margin + width % 2) % (size + size % 2) % size)
        box.append(slice(margin, margin + width))
    yield from _run_filter(crop, crop.values[np.ix_(*indices)], tuple(box), image_type, settings)


def _log_images(crop: LesionCrop, image_type: str, settings: dict[str, Any]) -> FilteredImages:
    """Yield the Laplacian of Gaussian image of each sigma (mm) that the scan is large enough for."""
    for sigma in settings.get("sigma", []):
        if can_filter(crop.values.shape, sigma_mm=sigma, spacing_mm=crop.spacing_mm):
            values = laplacian_of_gaussian(crop.values, spacing_mm=crop.spacing_mm, sigma_mm=sigma, box=crop.box)
            name = f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D"
            yield array_to_sitk(values, crop.spacing_mm), name, settings


def _filter_region(crop: LesionCrop, region: Box, image_type: str, settings: dict[str, Any]) -> FilteredImages:
    """Yield the images of a filter that is given this region of the scan."""
    yield from _run_filter(crop, crop.values[region], relative_box(crop.box, region), image_type, settings)


def _run_filter(
    crop: LesionCrop, values: np.ndarray, box: Box, image_type: str, settings: dict[str, Any]
) -> FilteredImages:
    """Yield the images of pyradiomics' own filter of these values; `box` is the box of the lesion in them."""
    mask = np.zeros(values.shape, dtype=np.uint8)
    mask[box][crop.intensity_mask] = 1
    image = array_to_sitk(values.astype(np.float64), crop.spacing_mm)
    make_images = getattr(imageoperations, f"get{image_type}Image")
    for filtered, name, own_settings in make_images(image, array_to_sitk(mask, crop.spacing_mm), **settings):
        yield filtered[box], name, own_settings


FILTERS = {
    "Original": _original,
    "Gradient": _gradient,
    "Wavelet": _wavelet,
    "LoG": _log_images,
    **dict.fromkeys(("Square", "SquareRoot", "Logarithm", "Exponential"), _pointwise),
}
