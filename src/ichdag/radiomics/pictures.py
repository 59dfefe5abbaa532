"""Volumes as SimpleITK images and back, and the lesion's box within the scan that the filters look at."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import SimpleITK as sitk

from ichdag.images import Volume

Box = tuple[slice, ...]


@dataclass(frozen=True)
class Scene:
    """A scan (i, j, k), its voxel size, and the lesion: box in the scan, mask of its gray values, mask of its shape.

    Both masks have the box's shape; they differ where the parameter file asks for resegmentation by gray value.
    """

    values: np.ndarray
    spacing_mm: np.ndarray
    box: Box
    inside: np.ndarray
    outline: np.ndarray

    @cached_property
    def extreme(self) -> float:
        """The gray value of the whole scan that is farthest from zero."""
        low, high = self.values.min(), self.values.max()
        return float(high if high >= -low else low)


def to_sitk(volume: Volume) -> sitk.Image:
    """The same image for SimpleITK: a mask as uint8, a scan as float64, axes reversed in memory, world axes LPS."""
    kind = np.uint8 if volume.values.dtype == bool else np.float64
    image = picture(volume.values.astype(kind), volume.spacing_mm)
    flip = np.diag([-1.0, -1.0, 1.0])
    image.SetOrigin((flip @ volume.affine[:3, 3]).tolist())
    image.SetDirection((flip @ volume.affine[:3, :3] / volume.spacing_mm).ravel().tolist())
    return image


def picture(values: np.ndarray, spacing_mm: np.ndarray) -> sitk.Image:
    """An array (i, j, k) as SimpleITK image with its voxel size; where it lies in the world is left open."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(values.T))
    image.SetSpacing([float(step) for step in spacing_mm])
    return image


def array_of(image: sitk.Image) -> np.ndarray:
    """The values of a SimpleITK image as array (i, j, k)."""
    return sitk.GetArrayFromImage(image).T


def box_of(mask: np.ndarray) -> Box:
    """The smallest box (i, j, k) that holds all voxels of a mask that is not empty."""
    box = [slice(0, size) for size in mask.shape]
    for axis in sorted(range(mask.ndim), key=lambda axis: -mask.strides[axis]):  # the nearest in memory come last
        others = tuple(other for other in range(mask.ndim) if other != axis)
        hit = np.flatnonzero(mask[tuple(box)].any(axis=others))
        box[axis] = slice(int(hit[0]), int(hit[-1]) + 1)
    return tuple(box)


def widened(box: Box, margins: Any, shape: tuple[int, ...]) -> Box:
    """The box with a margin (voxels an axis) on both sides, cut at the ends of the scan."""
    return tuple(
        slice(max(side.start - int(margin), 0), min(side.stop + int(margin), size))
        for side, margin, size in zip(box, margins, shape, strict=True)
    )


def within(inner: Box, outer: Box) -> Box:
    """The inner box in the coordinates of the outer one."""
    return tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(inner, outer, strict=True))
