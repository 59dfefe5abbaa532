"""Cut lesion patches: the dilated lesion and the tissue around it, resampled to one size."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from ichdag.images import Volume, grid_difference, is_absent, read_mask, read_scan, same_grid
from ichdag.jobs import DataFault

LOGGER = logging.getLogger("ichdag")


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
        yield f"{subject}/patch", patch.astype(np.float16)
        yield f"{subject}/inside", inside


def cut_patch(scan: Volume, *, mask: Volume, settings: PatchSettings) -> tuple[np.ndarray, np.ndarray]:
    """Cut the cube around the dilated lesion: windowed CT in [0, 1], float32, and the dilated lesion, bool.

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
    inside = _resample(dilated.values.astype(np.uint8), dilated.affine, affine, shape, order=0) > 0
    patch = _resample(*_windowed_region(scan, affine, settings), affine, shape)
    return np.where(inside, patch, 0).astype(np.float32) if settings.blank_outside else patch, inside


def _resample_isotropic(mask: Volume, voxel_mm: float, margin: int) -> Volume:
    """Resample the lesion to an isotropic grid along the world axes, with `margin` empty voxels around it.

    A voxel is lesion if the interpolated mask is at least 0.5, or if it contains the center of a native lesion voxel,
    so that a lesion smaller than a voxel of the grid is not lost.
    """
    indices = np.argwhere(mask.values)
    world = indices @ mask.affine[:3, :3].T + mask.affine[:3, 3]
    affine = np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])
    affine[:3, 3] = world.min(axis=0) - (margin + 0.5) * voxel_mm
    containing = np.rint((world - affine[:3, 3]) / voxel_mm).astype(int)
    shape = tuple(containing.max(axis=0) + margin + 2)
    values = _resample(mask.values.astype(np.float32), mask.affine, affine, shape) >= 0.5
    values[tuple(containing.T)] = True
    return Volume(values, affine)


def _cube_affine(lesion: Volume, size: int) -> np.ndarray:
    """Return the voxel-to-world affine of the patch: `size` voxels along each edge of the lesion's bounding cube."""
    box = ndimage.find_objects(lesion.values.astype(np.uint8))[0]
    low, high = np.array([side.start for side in box]), np.array([side.stop for side in box])
    center = lesion.affine[:3, :3] @ ((low + high - 1) / 2) + lesion.affine[:3, 3]
    edge = (high - low).max() * lesion.spacing_mm[0] / size
    affine = np.diag([edge, edge, edge, 1.0])
    affine[:3, 3] = center - edge * (size - 1) / 2
    return affine


def _windowed_region(scan: Volume, affine: np.ndarray, settings: PatchSettings) -> tuple[np.ndarray, np.ndarray]:
    """Return the region of the scan that the patch needs, windowed to [0, 1] and smoothed, and its affine.

    It is smoothed along axes in which the patch is coarser than the scan.
    """
    corners = np.stack(np.meshgrid(*[[0, settings.size - 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    world = corners @ affine[:3, :3].T + affine[:3, 3]
    native = (world - scan.affine[:3, 3]) @ np.linalg.inv(scan.affine[:3, :3]).T
    shape = np.array(scan.values.shape)
    low = np.clip(np.floor(native.min(axis=0)).astype(int) - 3, 0, shape - 1)
    high = np.clip(np.ceil(native.max(axis=0)).astype(int) + 4, 1, shape)
    region = scan.values[tuple(map(slice, low, high))]
    bottom, top = settings.window_hu
    windowed = (np.clip(region, bottom, top) - bottom) / (top - bottom)
    ratio = affine[0, 0] / scan.spacing_mm
    smooth = ndimage.gaussian_filter(windowed, sigma=np.maximum(0, (ratio - 1) / 2), truncate=3, mode="nearest")
    region_affine = scan.affine.copy()
    region_affine[:3, 3] += scan.affine[:3, :3] @ low
    return smooth, region_affine


def _resample(
    values: np.ndarray, source_affine: np.ndarray, affine: np.ndarray, shape: tuple[int, ...], order: int = 1
) -> np.ndarray:
    """Resample an array to another grid (affine, shape), linearly (order 0: nearest); outside the array it is 0."""
    matrix = np.linalg.inv(source_affine) @ affine
    return ndimage.affine_transform(values, matrix[:3, :3], matrix[:3, 3], shape, order=order, mode="constant", cval=0)
