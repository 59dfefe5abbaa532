"""Laplacian of Gaussian of a scan, in the lesion's box alone, with the bits of SimpleITK's filter on the whole scan."""

import numpy as np
import SimpleITK as sitk

from ichdag.radiomics.pictures import Box, array_of, picture, widened, within

# How far a recursive Gaussian is felt, in standard deviations: a step of 2000 HU (air to bone) this far away moves a
# value by no more than its last float32 digit.
DERIVATIVE_REACH, SMOOTHING_REACH = 16, 14
SHORTEST_LINE = 4  # voxels, of SimpleITK's recursive filters


def can_filter(shape: tuple[int, ...], *, sigma_mm: float, spacing_mm: np.ndarray) -> bool:
    """Whether pyradiomics would filter a scan of this shape: the conditions of its getLoGImage."""
    size = np.array(shape)
    return bool(sigma_mm > 0 and size.min() >= SHORTEST_LINE and np.all(size >= np.ceil(sigma_mm / spacing_mm) + 1))


def laplacian(values: np.ndarray, *, spacing_mm: np.ndarray, sigma_mm: float, box: Box) -> np.ndarray:
    """The Laplacian of Gaussian (float32, shape of the box) of a scan (i, j, k), normalized across scale.

    SimpleITK's LaplacianRecursiveGaussian is, for each axis, a second derivative along it and then a smoothing along
    the others, all by recursive filters that run along lines. So the derivative needs long lines, the smoothing fewer,
    and each pass only the lines that the next one reads: the same passes, in the same order and rounding, on less.
    Source: Deriche 1993; ITK, itkLaplacianRecursiveGaussianImageFilter.
    """
    total = np.zeros([side.stop - side.start for side in box], dtype=np.float32)
    for axis in range(3):
        part = _second_derivative(values, axis, spacing_mm=spacing_mm, sigma_mm=sigma_mm, box=box)
        total = (total + part.astype(np.float64) * (1 / float(spacing_mm[axis]) ** 2)).astype(np.float32)
    return total


def _second_derivative(
    values: np.ndarray, axis: int, *, spacing_mm: np.ndarray, sigma_mm: float, box: Box
) -> np.ndarray:
    """The second derivative of the Gaussian-smoothed scan along one axis, in units of voxels of that axis."""
    reach = np.where(np.arange(3) == axis, DERIVATIVE_REACH, SMOOTHING_REACH)
    margins = np.maximum(np.ceil(reach * sigma_mm / spacing_mm) + 1, SHORTEST_LINE)
    window = widened(box, margins, values.shape)
    target = within(box, window)
    image = picture(values[window], spacing_mm)
    for place in (axis, *(other for other in range(3) if other != axis)):
        image = _recursive_gaussian(image, place, sigma_mm=sigma_mm, order=2 if place == axis else 0)
        image = image[tuple(target[other] if other == place else slice(None) for other in range(3))]
    return array_of(image)


def _recursive_gaussian(image: sitk.Image, axis: int, *, sigma_mm: float, order: int) -> sitk.Image:
    gaussian = sitk.RecursiveGaussianImageFilter()
    gaussian.SetSigma(float(sigma_mm))
    gaussian.SetDirection(axis)
    gaussian.SetOrder(order)
    gaussian.SetNormalizeAcrossScale(True)
    return gaussian.Execute(image)
