"""pyradiomics' image types in the lesion's box: each filter sees only as much of the scan as it needs."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pywt
import SimpleITK as sitk
from radiomics import imageoperations

from ichdag.radiomics.laplacian import can_filter, laplacian
from ichdag.radiomics.pictures import Box, Scene, picture, widened, within

Found = Iterator[tuple[sitk.Image, str, dict[str, Any]]]


def filtered(scene: Scene, *, types: dict[str, dict[str, Any]], settings: dict[str, Any]) -> Found:
    """Yield every filtered image in the lesion's box with pyradiomics' name for it and the settings of its features.

    `types` are pyradiomics' image types with their own settings, in their order. A type of unknown reach gets the
    whole scan. Nothing is yielded for a filter that the scan is too small for.
    """
    for kind, own in types.items():
        yield from WAYS.get(kind, _whole)(scene, kind, settings | own)


def _original(scene: Scene, kind: str, settings: dict[str, Any]) -> Found:
    yield from _filter(scene, scene.box, kind, settings)


def _gradient(scene: Scene, kind: str, settings: dict[str, Any]) -> Found:
    """The central difference looks one voxel far."""
    yield from _filter(scene, widened(scene.box, (2, 2, 2), scene.values.shape), kind, settings)


def _whole(scene: Scene, kind: str, settings: dict[str, Any]) -> Found:
    yield from _filter(scene, tuple(slice(0, size) for size in scene.values.shape), kind, settings)


def _pointwise(scene: Scene, kind: str, settings: dict[str, Any]) -> Found:
    """These work voxel by voxel but scale by the scan's extreme, which is put in a voxel beside the lesion's box."""
    values = np.pad(scene.values[scene.box].astype(np.float64), 1, mode="edge")
    values[0, 0, 0] = scene.extreme
    yield from _run(scene, values, tuple(slice(1, size - 1) for size in values.shape), kind, settings)


def _wavelet(scene: Scene, kind: str, settings: dict[str, Any]) -> Found:
    """A few voxels around the box, an even number of them, wrapped round as pyradiomics wraps the whole scan round.

    pyradiomics appends the first plane to an axis of odd length; the transform takes the scan for periodic.
    """
    wavelet = settings.get("wavelet", "coif1")
    length = (wavelet if isinstance(wavelet, pywt.Wavelet) else pywt.Wavelet(wavelet)).dec_len
    margin = (length // 2 + 1) * (settings.get("start_level", 0) + settings.get("level", 1))
    places, target = [], []
    for side, size in zip(scene.box, scene.values.shape, strict=True):
        width = side.stop - side.start
        places.append(np.arange(side.start - margin, side.stop + margin + width % 2) % (size + size % 2) % size)
        target.append(slice(margin, margin + width))
    yield from _run(scene, scene.values[np.ix_(*places)], tuple(target), kind, settings)


def _laplacian_of_gaussian(scene: Scene, kind: str, settings: dict[str, Any]) -> Found:
    for sigma in settings.get("sigma", []):
        if can_filter(scene.values.shape, sigma_mm=sigma, spacing_mm=scene.spacing_mm):
            values = laplacian(scene.values, spacing_mm=scene.spacing_mm, sigma_mm=sigma, box=scene.box)
            yield picture(values, scene.spacing_mm), f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D", settings


def _filter(scene: Scene, window: Box, kind: str, settings: dict[str, Any]) -> Found:
    yield from _run(scene, scene.values[window], within(scene.box, window), kind, settings)


def _run(scene: Scene, values: np.ndarray, box: Box, kind: str, settings: dict[str, Any]) -> Found:
    """pyradiomics' own filter on a part of the scan; `box` is where the lesion's box lies in that part."""
    inside = np.zeros(values.shape, dtype=np.uint8)
    inside[box][scene.inside] = 1
    pair = picture(values.astype(np.float64), scene.spacing_mm), picture(inside, scene.spacing_mm)
    for image, name, used in getattr(imageoperations, f"get{kind}Image")(*pair, **settings):
        yield image[box], name, used


WAYS = {
    "Original": _original,
    "Gradient": _gradient,
    "Wavelet": _wavelet,
    "LoG": _laplacian_of_gaussian,
    **dict.fromkeys(("Square", "SquareRoot", "Logarithm", "Exponential"), _pointwise),
}
