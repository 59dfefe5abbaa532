"""Preprocess a scan: remove what is not head, resample a cube to two isotropic grids, apply a CT window."""

from dataclasses import dataclass

import numpy as np

from ichdag.grids import (
    apply_window,
    bounding_box,
    cube_affine,
    resample,
    smooth_for_sampling,
    subvoxel_centers,
    transform_points,
)
from ichdag.heads import Head, cover, find_head
from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.number_format import format_plain


@dataclass(frozen=True)
class PreprocessingSettings:
    """Grids and window of the networks; meanings and units in config/schemas/preprocessing.schema.json."""

    grid: int
    field_of_view_mm: float
    window_hu: tuple[float, float]
    head_hu: float


def make_grids(scan: Volume, *, mask: Volume | None, settings: PreprocessingSettings) -> dict[str, np.ndarray]:
    """Resample a scan (HU) and its manual mask to the grids; table, head holder and tubes are replaced by air.

    Returns fine (G, G, G) and coarse (G/2, G/2, G/2) in [0, 1], float16; mask (G, G, G), float16, if there is one, with
    the fraction of each voxel that is lesion; affine (4, 4) of the fine grid; native_affine (4, 4) and native_shape
    (3,), which are needed to resample masks back. Raises DataFault if no head is found.
    """
    head = find_head(scan, head_hu=settings.head_hu)
    if not head.inside.any():
        raise DataFault("preprocessing", f"no voxel above {format_plain(settings.head_hu)} HU: no head in the scan")
    voxel_mm = settings.field_of_view_mm / settings.grid
    affine = cube_affine(_head_center_mm(head, settings), voxel_mm=voxel_mm, size=settings.grid)
    windowed = apply_window(scan.values, settings.window_hu)
    windowed *= cover(head, scan.values.shape)
    fine = _resample_to_cube(Volume(windowed, scan.affine), affine, settings.grid)
    grids = {"fine": fine.astype(np.float16), "coarse": _average_pool(fine).astype(np.float16), "affine": affine}
    grids |= {"native_affine": scan.affine, "native_shape": np.array(scan.values.shape)}
    if mask is not None:
        grids["mask"] = _lesion_fraction(mask, affine, settings.grid).astype(np.float16)
    return grids


def _head_center_mm(head: Head, settings: PreprocessingSettings) -> np.ndarray:
    """Return the world center (3,) of the cube: its top is at the vertex, its center is that of the head within it.

    Neck and shoulders below the cube are cropped and do not move its center.
    """
    world = transform_points(head.affine, np.argwhere(head.inside))
    top = world[:, 2].max() + head.spacing_mm[2] / 2
    within = world[world[:, 2] > top - settings.field_of_view_mm]
    low, high = within.min(axis=0), within.max(axis=0)
    center = (low + high) / 2
    center[2] = top - min(top - low[2], settings.field_of_view_mm) / 2
    return center


def _resample_to_cube(windowed: Volume, affine: np.ndarray, grid: int) -> np.ndarray:
    """Resample a windowed scan linearly to (G, G, G), smoothed first along axes in which the resolution decreases."""
    voxel_mm = float(np.linalg.norm(affine[:3, :3], axis=0).mean())
    smooth = smooth_for_sampling(windowed.values, spacing_mm=windowed.spacing_mm, voxel_mm=voxel_mm)
    return resample(Volume(smooth, windowed.affine), affine=affine, shape=(grid, grid, grid))


def _lesion_fraction(mask: Volume, affine: np.ndarray, grid: int) -> np.ndarray:
    """Return the fraction of each voxel (G, G, G) of a grid that is lesion, float32, without lesion outside the cube.

    Native voxels around the lesion are divided into subvoxels no larger than a third of a voxel of the grid. Each
    subvoxel counts in the voxel that contains its center; the fraction is that of lesion subvoxels among all.
    """
    size = (grid, grid, grid)
    if not mask.values.any():
        return np.zeros(size, dtype=np.float32)
    edge = float(affine[0, 0])
    voxels, lesion = _voxels_around(mask, margin=np.ceil(2 * edge / mask.spacing_mm).astype(int))
    to_grid = np.linalg.inv(affine) @ mask.affine
    centers = transform_points(to_grid, voxels)
    all_count, lesion_count = np.zeros((2, grid**3))
    subvoxels = subvoxel_centers(np.maximum(1, np.ceil(3 * mask.spacing_mm / edge)).astype(int))
    for offset in subvoxels @ to_grid[:3, :3].T:
        containing = np.rint(centers + offset).astype(int)
        inside = ((containing >= 0) & (containing < grid)).all(axis=1)
        flat = np.ravel_multi_index(containing[inside].T, size)
        all_count += np.bincount(flat, minlength=grid**3)
        lesion_count += np.bincount(flat, weights=lesion[inside], minlength=grid**3)
    fraction = lesion_count / np.maximum(all_count, 1)
    total = lesion_count.sum() * mask.voxel_ml / len(subvoxels) / (edge**3 / 1000)
    return _scale_to_total(fraction, total).reshape(size).astype(np.float32)


def _voxels_around(mask: Volume, *, margin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the voxels (n, 3) of the lesion's box and a margin, also outside the scan, and which are lesion (n,)."""
    box = bounding_box(mask.values)
    low = np.array([side.start for side in box]) - margin
    high = np.array([side.stop for side in box]) + margin
    voxels = np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"), axis=-1).reshape(-1, 3)
    in_scan = ((voxels >= 0) & (voxels < mask.values.shape)).all(axis=1)
    lesion = np.zeros(len(voxels), dtype=bool)
    lesion[in_scan] = mask.values[tuple(voxels[in_scan].T)]
    return voxels, lesion


def _scale_to_total(fraction: np.ndarray, total: float) -> np.ndarray:
    """Scale the fractions at the edge of the lesion so that all fractions have the sum `total` (voxels of the grid).

    The number of subvoxels in a voxel varies, so that fractions at the edge have a common error of a few percent.
    """
    edge = (fraction > 0) & (fraction < 1)
    rest = total - np.count_nonzero(fraction == 1)
    if rest > 0 and edge.any():
        fraction[edge] = np.minimum(fraction[edge] * rest / fraction[edge].sum(), 1)
    return fraction


def _average_pool(fine: np.ndarray) -> np.ndarray:
    """Return the mean over blocks of 2 x 2 x 2 voxels."""
    half = fine.shape[0] // 2
    return fine.reshape(half, 2, half, 2, half, 2).mean(axis=(1, 3, 5))
