"""Laplacian of Gaussian of a scan, in the lesion's box alone: ITK's recursive filter as a matrix for each axis.

A recursive filter of a line is linear: unit lines, filtered, are its matrix. Only the rows of the box are needed of it,
so that each product leaves less for the next.
"""

from functools import lru_cache

import numpy as np
import SimpleITK as sitk

from ichdag.radiomics.pictures import Box, widened, within

# How far a recursive Gaussian is felt, in standard deviations: a step of 2000 HU (air to bone) this far away moves a
# value by no more than its last float32 digit.
REACH = 16
SHORTEST_LINE = 4  # voxels, of SimpleITK's recursive filters
SMOOTH, CURVE = 0, 2  # orders of the derivative


def can_filter(shape: tuple[int, ...], *, sigma_mm: float, spacing_mm: np.ndarray) -> bool:
    """Whether pyradiomics would filter a scan of this shape: the conditions of its getLoGImage."""
    size = np.array(shape)
    return bool(sigma_mm > 0 and size.min() >= SHORTEST_LINE and np.all(size >= np.ceil(sigma_mm / spacing_mm) + 1))


def laplacian(values: np.ndarray, *, spacing_mm: np.ndarray, sigma_mm: float, box: Box) -> np.ndarray:
    """The Laplacian of Gaussian (float32, shape of the box) of a scan (i, j, k), normalized across scale.

    SimpleITK's LaplacianRecursiveGaussian is a sum over the axes: the second derivative along one, smoothed along the
    others. It rounds to float32 after each pass, these products do not: they differ by less than one such rounding
    (2^-24) of the largest |HU| in reach, 5e-6 HU in soft tissue, 1e-4 HU beside bone of 1,700 HU, 1.2e-3 HU beside a
    clip of 20,000 HU. The axis with the shortest box comes first.
    Source: Deriche 1993; ITK, itkLaplacianRecursiveGaussianImageFilter.
    """
    window = widened(box, np.maximum(np.ceil(REACH * sigma_mm / spacing_mm) + 1, SHORTEST_LINE), values.shape)
    target = within(box, window)
    part = values[window].astype(np.float64, order="F")
    rows = [
        [_matrix(size, float(step), float(sigma_mm), order)[side] for order in (SMOOTH, CURVE)]
        for size, step, side in zip(part.shape, spacing_mm, target, strict=True)
    ]
    first, second, third = sorted(range(3), key=lambda axis: target[axis].stop - target[axis].start)
    both = _product(np.concatenate(rows[first]), part, first)
    smoothed, curved = np.split(both, 2, axis=first)
    curved = _product(rows[second][0], curved, second) + _product(rows[second][1], smoothed, second)
    smoothed = _product(rows[second][0], smoothed, second)
    return (_product(rows[third][0], curved, third) + _product(rows[third][1], smoothed, third)).astype(np.float32)


def _product(matrix: np.ndarray, image: np.ndarray, axis: int) -> np.ndarray:
    """A matrix times every line of an image (i, j, k) along an axis; the first axis is the fastest in memory."""
    if axis == 0:
        return np.matmul(image.T, matrix.T).T
    if axis == 1:
        return np.matmul(matrix, image.T).T
    lines = image.reshape(-1, image.shape[2], order="F")
    return np.matmul(matrix, lines.T).T.reshape(*image.shape[:2], -1, order="F")


@lru_cache(maxsize=4)
def _matrix(size: int, spacing_mm: float, sigma_mm: float, order: int) -> np.ndarray:
    """The matrix of ITK's recursive Gaussian for a line of so many voxels, or that of its second derivative by mm."""
    gaussian = sitk.RecursiveGaussianImageFilter()
    gaussian.SetSigma(sigma_mm)
    gaussian.SetDirection(0)
    gaussian.SetOrder(order)
    gaussian.SetNormalizeAcrossScale(True)
    unit_lines = sitk.GetImageFromArray(np.eye(size, dtype=np.float32))
    unit_lines.SetSpacing([spacing_mm, 1.0])
    return sitk.GetArrayFromImage(gaussian.Execute(unit_lines)).T.astype(np.float64) / spacing_mm**order
