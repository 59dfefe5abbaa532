"""Cut lesion patches: the dilated lesion and the tissue around it, resampled to one size."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from ichdag.grids import (
    apply_window,
    bounding_box,
    box_corners,
    cube_affine,
    region_around,
    resample,
    smooth_for_sampling,
    transform_points,
)
from ichdag.images import Volume, grid_difference, is_absent, read_mask, read_scan, same_grid
from ichdag.jobs import DataFault

LOGGER = logging.getLogger("ichdag")
MARGIN_VOXELS = 3  # of the scan, around the patch, for smoothing and interpolation


@dataclass(frozen=True)
class PatchSettings:
    """Patch edge (voxels), dilation (fine grid's voxels), blanking, CT window (HU), fine grid's voxel edge (mm)."""

    size: int
    dilation_size: int
    blank_outside: bool
    window_hu: list[float]
    voxel_mm: float


def cut_batch(
    files: Iterable[tuple[str, str | Path, str | Path]], *, settings: PatchSettings
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield ('{subject}/patch', float16 in [0, 1]) and ('{subject}/inside', bool) of (subject, scan, mask) files.

    Excluded participants (no mask, a data fault) are skipped and logged with the reason.
    """
    for subject, scan, mask in files:
        try:
            if is_absent(mask):
                raise DataFault("latent", "no lesion mask")
            patch, inside = cut_patch(read_scan(scan), mask=read_mask(mask), settings=settings)
        except DataFault as fault:
            LOGGER.warning("%s has no patch: %s", subject, fault)
            continue
        yield f"{subject}/patch", patch
        yield f"{subject}/inside", inside


def cut_patch(scan: Volume, *, mask: Volume, settings: PatchSettings) -> tuple[np.ndarray, np.ndarray]:
    """Cut the cube around the dilated lesion: windowed CT in [0, 1], float16, and the dilated lesion, bool.

    Both are (P, P, P). The lesion is dilated with a cube of `dilation_size` voxels on an isotropic grid of `voxel_mm`.
    The patch is the cube at the center of its bounding box with the longest edge of the box, resampled to P voxels
    along each edge: it shows shape and texture, but not the size. Raises DataFault if the mask is empty or not on the
    grid of the scan.

    ASSUME: the paper says 'a structuring element size 5' without a unit. Here the unit is a voxel of the fine grid of
    the networks, on which masks are predicted (3.5 mm to each side at paper size). The element is a cube of ones.
    """
    if not same_grid(scan, mask):
        raise DataFault("latent", f"the mask is not on the scan's grid: {grid_difference(mask, scan)}")
    if not mask.values.any():
        raise DataFault("latent", "the lesion mask is empty")
    lesion = _resample_isotropic(mask, settings.voxel_mm, margin=settings.dilation_size)
    dilated = Volume(ndimage.binary_dilation(lesion.values, np.ones((settings.dilation_size,) * 3)), lesion.affine)
    affine = _cube_affine(dilated, settings.size)
    shape = (settings.size,) * 3
    dilated_lesion = Volume(dilated.values.astype(np.uint8), dilated.affine)
    inside = resample(dilated_lesion, affine=affine, shape=shape, order=0) > 0
    patch = resample(_windowed_region(scan, affine, settings), affine=affine, shape=shape)
    return (np.where(inside, patch, 0) if settings.blank_outside else patch).astype(np.float16), inside


def _resample_isotropic(mask: Volume, voxel_mm: float, margin: int) -> Volume:
    """Resample the lesion to an isotropic grid along the world axes, with `margin` empty voxels around it.

    A voxel is lesion if the interpolated mask is at least 0.5, or if it contains the center of a native lesion voxel,
    so that a lesion smaller than a voxel of the grid is not lost.
    """
    world = transform_points(mask.affine, np.argwhere(mask.values))
    affine = np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])
    affine[:3, 3] = world.min(axis=0) - (margin + 0.5) * voxel_mm
    containing = np.rint((world - affine[:3, 3]) / voxel_mm).astype(int)
    shape = tuple(containing.max(axis=0) + margin + 2)
    values = resample(Volume(mask.values.astype(np.float32), mask.affine), affine=affine, shape=shape) >= 0.5
    values[tuple(containing.T)] = True
    return Volume(values, affine)


def _cube_affine(lesion: Volume, size: int) -> np.ndarray:
    """Return the voxel-to-world affine of the patch: `size` voxels along each edge of the lesion's bounding cube."""
    box = bounding_box(lesion.values)
    low = np.array([side.start for side in box])
    high = np.array([side.stop for side in box])
    center = lesion.affine[:3, :3] @ ((low + high - 1) / 2) + lesion.affine[:3, 3]
    return cube_affine(center, voxel_mm=(high - low).max() * lesion.spacing_mm[0] / size, size=size)


def _windowed_region(scan: Volume, affine: np.ndarray, settings: PatchSettings) -> Volume:
    """Return the region of the scan that the patch needs, windowed to [0, 1] and smoothed.

    It is smoothed along axes in which the patch is coarser than the scan.
    """
    world = transform_points(affine, box_corners((slice(0, settings.size),) * 3))
    native = (world - scan.affine[:3, 3]) @ np.linalg.inv(scan.affine[:3, :3]).T
    region = region_around(native, shape=scan.values.shape, margin=MARGIN_VOXELS)
    windowed = apply_window(scan.values[region], settings.window_hu)
    smooth = smooth_for_sampling(windowed, spacing_mm=scan.spacing_mm, voxel_mm=affine[0, 0])
    region_affine = scan.affine.copy()
    region_affine[:3, 3] += scan.affine[:3, :3] @ [side.start for side in region]
    return Volume(smooth, region_affine)
