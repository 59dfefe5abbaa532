"""The lesion in its bounding box, and conversion between volumes and SimpleITK images."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk

from ichdag.grids import Box
from ichdag.images import Volume


@dataclass(frozen=True)
class LesionCrop:
    """A scan (i, j, k), its voxel size, the bounding box of the lesion, and the two masks of IBSI in this box.

    The masks have the shape of the box; they differ where the parameter file resegments by gray value.
    """

    values: np.ndarray
    spacing_mm: np.ndarray
    box: Box
    intensity_mask: np.ndarray
    morphological_mask: np.ndarray

    @cached_property
    def extreme(self) -> float:
        """The gray value of the whole scan that is farthest from zero."""
        low = self.values.min()
        high = self.values.max()
        return float(high if high >= -low else low)


def to_sitk(volume: Volume) -> sitk.Image:
    """Convert a volume to a SimpleITK image: a mask to uint8, a scan to float64, world axes from RAS to LPS."""
    dtype = np.uint8 if volume.values.dtype == bool else np.float64
    image = array_to_sitk(volume.values.astype(dtype), volume.spacing_mm)
    flip = np.diag([-1.0, -1.0, 1.0])
    image.SetOrigin((flip @ volume.affine[:3, 3]).tolist())
    image.SetDirection((flip @ volume.affine[:3, :3] / volume.spacing_mm).ravel().tolist())
    return image


def array_to_sitk(values: np.ndarray, spacing_mm: np.ndarray) -> sitk.Image:
    """Convert an array (i, j, k) to a SimpleITK image with its voxel size, without origin and direction."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(values.T))
    image.SetSpacing([float(step) for step in spacing_mm])
    return image


def sitk_to_array(image: sitk.Image) -> np.ndarray:
    """Return the values of a SimpleITK image as an array (i, j, k)."""
    return sitk.GetArrayFromImage(image).T


def expand_box(box: Box, margins: Sequence[float] | np.ndarray, shape: tuple[int, ...]) -> Box:
    """Return the box with a margin on both sides (voxels, one margin per axis), clipped to the scan."""
    return tuple(
        slice(max(side.start - int(margin), 0), min(side.stop + int(margin), size))
        for side, margin, size in zip(box, margins, shape, strict=True)
    )


def relative_box(inner: Box, outer: Box) -> Box:
    """Return the inner box in the coordinates of the outer box."""
    return tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(inner, outer, strict=True))
