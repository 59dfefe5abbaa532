"""Compute the Laplacian of Gaussian (LoG) in the box of the lesion alone: ITK's recursive filter as a matrix per axis.

A recursive filter of a line is linear: filtered unit vectors are the columns of its matrix. Only the rows of the box
are needed, so that the array gets smaller with each product.
"""

from functools import lru_cache

import numpy as np
import SimpleITK as sitk

from ichdag.grids import Box
from ichdag.radiomics.lesion_crop import expand_box, relative_box

# Support of a recursive Gaussian in standard deviations: a step of 2000 HU (air to bone) at this distance changes a
# value by no more than its last float32 digit.
SUPPORT_SIGMAS = 16
MIN_LINE_VOXELS = 4  # of SimpleITK's recursive filters
SMOOTHING, SECOND_DERIVATIVE = 0, 2  # orders of the derivative


def can_filter(shape: tuple[int, ...], *, sigma_mm: float, spacing_mm: np.ndarray) -> bool:
    """Return whether pyradiomics would filter a scan of this shape: the conditions of its getLoGImage."""
    size = np.array(shape)
    return bool(sigma_mm > 0 and size.min() >= MIN_LINE_VOXELS and np.all(size >= np.ceil(sigma_mm / spacing_mm) + 1))


def laplacian_of_gaussian(values: np.ndarray, *, spacing_mm: np.ndarray, sigma_mm: float, box: Box) -> np.ndarray:
    """Return the LoG (float32, shape of the box) of a scan (i, j, k) in HU, normalized across scale.

    SimpleITK's LaplacianRecursiveGaussian is a sum over the axes: the second derivative along one axis, smoothed along
    the others. It rounds to float32 after each pass; these products do not. They differ by less than one such rounding
    (2^-24) of the largest |HU| within the support: 5e-6 HU in soft tissue, 1e-4 HU beside bone of 1,700 HU, 1.2e-3 HU
    beside a clip of 20,000 HU. The axis on which the box is shortest comes first.
    Source: Deriche 1993; ITK, itkLaplacianRecursiveGaussianImageFilter.
    """
    margins = np.maximum(np.ceil(SUPPORT_SIGMAS * sigma_mm / spacing_mm) + 1, MIN_LINE_VOXELS)
    region = expand_box(box, margins, values.shape)
    target = relative_box(box, region)
    image = values[region].astype(np.float64, order="F")
    rows = [
        [_filter_matrix(size, float(step), float(sigma_mm), order)[side] for order in (SMOOTHING, SECOND_DERIVATIVE)]
        for size, step, side in zip(image.shape, spacing_mm, target, strict=True)
    ]
    first, second, third = sorted(range(3), key=lambda axis: target[axis].stop - target[axis].start)
    both = _multiply_along(np.concatenate(rows[first]), image, first)
    smoothed, curved = np.split(both, 2, axis=first)
    curved = _multiply_along(rows[second][0], curved, second) + _multiply_along(rows[second][1], smoothed, second)
    smoothed = _multiply_along(rows[second][0], smoothed, second)
    total = _multiply_along(rows[third][0], curved, third) + _multiply_along(rows[third][1], smoothed, third)
    return total.astype(np.float32)


def _multiply_along(matrix: np.ndarray, image: np.ndarray, axis: int) -> np.ndarray:
    """Multiply every line of an image (i, j, k) along an axis by a matrix; the image is in Fortran order."""
    if axis == 0:
        return np.matmul(image.T, matrix.T).T
    if axis == 1:
        return np.matmul(matrix, image.T).T
    lines = image.reshape(-1, image.shape[2], order="F")
    return np.matmul(matrix, lines.T).T.reshape(*image.shape[:2], -1, order="F")


@lru_cache(maxsize=4)
def _filter_matrix(size: int, spacing_mm: float, sigma_mm: float, order: int) -> np.ndarray:
    """Return the matrix (size, size) of ITK's recursive Gaussian, or of its second derivative per mm2, for a line."""
    gaussian = sitk.RecursiveGaussianImageFilter()
    gaussian.SetSigma(sigma_mm)
    gaussian.SetDirection(0)
    gaussian.SetOrder(order)
    gaussian.SetNormalizeAcrossScale(True)
    unit_vectors = sitk.GetImageFromArray(np.eye(size, dtype=np.float32))
    unit_vectors.SetSpacing([spacing_mm, 1.0])
    return sitk.GetArrayFromImage(gaussian.Execute(unit_vectors)).T.astype(np.float64) / spacing_mm**order
