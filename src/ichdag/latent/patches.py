"""Lesion patches: the dilated lesion and the tissue around it, cut from the scan at one size."""

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

    Excluded participants (no mask, a data fault) have none; the log says why.
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
    """The cube around the dilated lesion: windowed CT in [0, 1], float32, and the dilated lesion, bool; both (P, P, P).

    The lesion is dilated by a cube of `dilation_size` voxels and boxed on an isotropic grid of `voxel_mm`; the cube has
    the box's center and its longest edge, and is stretched to P voxels an edge: the patch shows shape and texture, the
    cube's size is not kept. Raises DataFault if the mask is empty or not on the scan's grid.

    ASSUME: the paper says 'a structuring element size 5' without a unit; the networks' fine grid, where their masks are
    predicted, gives it one (3.5 mm to each side at paper size). A cube, as scipy and MONAI have it for 'all ones'.
    """
    if not same_grid(scan, mask):
        raise DataFault("latent", f"the mask is not on the scan's grid: {grid_difference(mask, scan)}")
    if not mask.values.any():
        raise DataFault("latent", "the lesion mask is empty")
    lesion = _isotropic(mask, settings.voxel_mm, margin=settings.dilation_size)
    dilated = Volume(ndimage.binary_dilation(lesion.values, np.ones((settings.dilation_size,) * 3)), lesion.affine)
    affine = _cube_affine(dilated, settings.size)
    shape = (settings.size,) * 3
    inside = _sampled(dilated.values.astype(np.uint8), dilated.affine, affine, shape, order=0) > 0
    patch = _sampled(*_windowed_region(scan, affine, settings), affine, shape)
    return np.where(inside, patch, 0).astype(np.float32) if settings.blank_outside else patch, inside


def _isotropic(mask: Volume, voxel_mm: float, margin: int) -> Volume:
    """The lesion on an isotropic grid along the world's axes, with `margin` empty voxels around it.

    A voxel is lesion where the interpolated mask reaches one half, or where the center of a lesion voxel falls into it:
    a lesion smaller than the grid's voxels is still there.
    """
    indices = np.argwhere(mask.values)
    world = indices @ mask.affine[:3, :3].T + mask.affine[:3, 3]
    affine = np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])
    affine[:3, 3] = world.min(axis=0) - (margin + 0.5) * voxel_mm
    hits = np.rint((world - affine[:3, 3]) / voxel_mm).astype(int)
    shape = tuple(hits.max(axis=0) + margin + 2)
    values = _sampled(mask.values.astype(np.float32), mask.affine, affine, shape) >= 0.5
    values[tuple(hits.T)] = True
    return Volume(values, affine)


def _cube_affine(lesion: Volume, size: int) -> np.ndarray:
    """Voxel-to-world affine of the patch: `size` voxels along each edge of the lesion's bounding cube."""
    box = ndimage.find_objects(lesion.values.astype(np.uint8))[0]
    low, high = np.array([side.start for side in box]), np.array([side.stop for side in box])
    center = lesion.affine[:3, :3] @ ((low + high - 1) / 2) + lesion.affine[:3, 3]
    edge = (high - low).max() * lesion.spacing_mm[0] / size
    affine = np.diag([edge, edge, edge, 1.0])
    affine[:3, 3] = center - edge * (size - 1) / 2
    return affine


def _windowed_region(scan: Volume, affine: np.ndarray, settings: PatchSettings) -> tuple[np.ndarray, np.ndarray]:
    """The part of the scan the patch needs, windowed to [0, 1], smoothed where the patch is coarser; its affine."""
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
    moved = scan.affine.copy()
    moved[:3, 3] += scan.affine[:3, :3] @ low
    return smooth, moved


def _sampled(
    values: np.ndarray, own: np.ndarray, affine: np.ndarray, shape: tuple[int, ...], order: int = 1
) -> np.ndarray:
    """Linear (0: nearest) samples of an array (affine `own`) at the voxels of another grid; 0 (air) outside of it."""
    matrix = np.linalg.inv(own) @ affine
    return ndimage.affine_transform(values, matrix[:3, :3], matrix[:3, 3], shape, order=order, mode="constant", cval=0)
