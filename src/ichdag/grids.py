"""Voxel grids: sample one grid at another, apply a CT window, find boxes and regions.

A grid is a shape (i, j, k) and an affine (4, 4) that maps its voxels to world coordinates (RAS+, mm).
"""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from ichdag.images import Volume

Box = tuple[slice, ...]


def apply_window(values: np.ndarray, window_hu: Sequence[float]) -> np.ndarray:
    """Map a CT window (low, high), in HU, to [0, 1]; values outside the window are clipped."""
    low, high = window_hu
    return (np.clip(values, low, high) - low) / (high - low)


def transform_points(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Apply an affine (4, 4) to points (n, 3)."""
    return points @ affine[:3, :3].T + affine[:3, 3]


def cube_affine(center_mm: np.ndarray, *, voxel_mm: float, size: int) -> np.ndarray:
    """Return the affine (4, 4) of a cube of `size` isotropic voxels an edge: RAS axes, centered at `center_mm`."""
    affine = np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])
    affine[:3, 3] = center_mm - voxel_mm * (size - 1) / 2
    return affine


def resample(volume: Volume, *, affine: np.ndarray, shape: tuple[int, ...], order: int = 1) -> np.ndarray:
    """Sample a volume at the voxels of another grid, by splines of this order (0: nearest, 1: linear); 0 outside it."""
    matrix = np.linalg.inv(volume.affine) @ affine
    return ndimage.affine_transform(
        volume.values, matrix[:3, :3], matrix[:3, 3], shape, order=order, mode="constant", cval=0
    )


def smooth_for_sampling(values: np.ndarray, *, spacing_mm: np.ndarray, voxel_mm: float) -> np.ndarray:
    """Smooth an array against aliasing, along the axes in which voxels of `voxel_mm` are coarser than its own.

    The SD of the Gaussian, in voxels of the array, is (ratio of the voxel sizes - 1) / 2.
    """
    ratio = voxel_mm / spacing_mm
    return ndimage.gaussian_filter(values, sigma=np.maximum(0, (ratio - 1) / 2), truncate=3, mode="nearest")


def subvoxel_centers(divisions: np.ndarray) -> np.ndarray:
    """Return the centers (n, 3) of the subvoxels of a voxel divided into this many along i, j, k, from its center."""
    offsets = [(np.arange(count) + 0.5) / count - 0.5 for count in divisions]
    return np.stack(np.meshgrid(*offsets, indexing="ij"), axis=-1).reshape(-1, 3)


def bounding_box(mask: np.ndarray) -> Box:
    """Return the smallest box that has all voxels of a mask (i, j, k), which must not be empty."""
    box = [slice(0, size) for size in mask.shape]
    for axis in sorted(range(mask.ndim), key=lambda axis: -mask.strides[axis]):  # the contiguous axis comes last
        others = tuple(other for other in range(mask.ndim) if other != axis)
        occupied = np.flatnonzero(mask[tuple(box)].any(axis=others))
        box[axis] = slice(int(occupied[0]), int(occupied[-1]) + 1)
    return tuple(box)


def box_corners(box: Box, *, margin: int = 0) -> np.ndarray:
    """Return the centers (8, 3) of the corner voxels of a box that is wider by `margin` voxels on each side."""
    ends = [(side.start - margin, side.stop - 1 + margin) for side in box]
    return np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 3)


def region_around(points: np.ndarray, *, shape: tuple[int, ...], margin: int = 0) -> Box:
    """Return the box of a grid of this shape that has points (n, 3), in voxels, with a margin, cut at the grid's ends.

    Points outside the grid give a region of one voxel at its nearest end, so that a region is never empty.
    """
    ends = np.array(shape)
    low = np.clip(np.floor(points.min(axis=0)).astype(int) - margin, 0, ends - 1)
    high = np.clip(np.ceil(points.max(axis=0)).astype(int) + 1 + margin, low + 1, ends)
    return tuple(map(slice, low.tolist(), high.tolist()))
