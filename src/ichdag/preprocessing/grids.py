"""Preprocess a scan: remove what is not head, resample a cube to two isotropic grids, apply a CT window."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

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
    affine = _grid_affine(_head_center_mm(head, settings), settings)
    low, high = settings.window_hu
    windowed = (np.clip(scan.values, low, high) - low) / (high - low)
    windowed *= cover(head, scan.values.shape)
    fine = _resample(windowed, scan, affine, settings.grid)
    grids = {"fine": fine.astype(np.float16), "coarse": _average_pool(fine).astype(np.float16), "affine": affine}
    grids |= {"native_affine": scan.affine, "native_shape": np.array(scan.values.shape)}
    if mask is not None:
        grids["mask"] = _lesion_fraction(mask, affine, settings.grid).astype(np.float16)
    return grids


def _head_center_mm(head: Head, settings: PreprocessingSettings) -> np.ndarray:
    """Return the world center (3,) of the cube: its top is at the vertex, its center is that of the head within it.

    Neck and shoulders below the cube are cropped and do not move its center.
    """
    voxels = np.argwhere(head.inside)
    world = voxels @ head.affine[:3, :3].T + head.affine[:3, 3]
    top = world[:, 2].max() + head.spacing_mm[2] / 2
    within = world[world[:, 2] > top - settings.field_of_view_mm]
    low, high = within.min(axis=0), within.max(axis=0)
    center = (low + high) / 2
    center[2] = top - min(top - low[2], settings.field_of_view_mm) / 2
    return center


def _grid_affine(center_mm: np.ndarray, settings: PreprocessingSettings) -> np.ndarray:
    """Return the voxel-to-world affine (4, 4) of the fine grid: RAS axes, isotropic, centered at `center_mm`."""
    edge = settings.field_of_view_mm / settings.grid
    affine = np.diag([edge, edge, edge, 1.0])
    affine[:3, 3] = center_mm - edge * (settings.grid - 1) / 2
    return affine


def _resample(values: np.ndarray, scan: Volume, affine: np.ndarray, grid: int) -> np.ndarray:
    """Resample a native array linearly to (G, G, G), smoothed first along axes in which the resolution decreases."""
    ratio = np.linalg.norm(affine[:3, :3], axis=0).mean() / scan.spacing_mm
    smoothed = ndimage.gaussian_filter(values, sigma=np.maximum(0, (ratio - 1) / 2), truncate=3, mode="nearest")
    to_native = np.linalg.inv(scan.affine) @ affine
    shape = (grid, grid, grid)
    return ndimage.affine_transform(
        smoothed, to_native[:3, :3], to_native[:3, 3], shape, order=1, mode="constant", cval=0
    )


def _lesion_fraction(mask: Volume, affine: np.ndarray, grid: int) -> np.ndarray:
    """Return the fraction of each voxel (G, G, G) of a grid that is lesion, float32, without lesion outside the cube.

    Native voxels around the lesion are divided into subvoxels no larger than a third of a voxel of the grid. Each
    subvoxel counts in the voxel that contains its center; the fraction is that of lesion subvoxels among all.
    """
    size = (grid, grid, grid)
    if not mask.values.any():
        return np.zeros(size, dtype=np.float32)
    edge = float(affine[0, 0])
    margin = np.ceil(2 * edge / mask.spacing_mm).astype(int)
    low = np.argwhere(mask.values).min(axis=0) - margin
    high = np.argwhere(mask.values).max(axis=0) + margin + 1
    box = np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"), axis=-1).reshape(-1, 3)
    in_scan = ((box >= 0) & (box < mask.values.shape)).all(axis=1)
    lesion = np.zeros(len(box), dtype=bool)
    lesion[in_scan] = mask.values[tuple(box[in_scan].T)]
    to_grid = np.linalg.inv(affine) @ mask.affine
    centers = box @ to_grid[:3, :3].T + to_grid[:3, 3]
    all_count, lesion_count = np.zeros((2, grid**3))
    subvoxels = _subvoxel_centers(mask.spacing_mm, edge)
    for offset in subvoxels @ to_grid[:3, :3].T:
        voxels = np.rint(centers + offset).astype(int)
        inside = ((voxels >= 0) & (voxels < grid)).all(axis=1)
        flat = np.ravel_multi_index(voxels[inside].T, size)
        all_count += np.bincount(flat, minlength=grid**3)
        lesion_count += np.bincount(flat, weights=lesion[inside], minlength=grid**3)
    fraction = lesion_count / np.maximum(all_count, 1)
    total = lesion_count.sum() * mask.voxel_ml / len(subvoxels) / (edge**3 / 1000)
    return _scale_to_total(fraction, total).reshape(size).astype(np.float32)


def _scale_to_total(fraction: np.ndarray, total: float) -> np.ndarray:
    """Scale the fractions at the edge of the lesion so that all fractions have the sum `total` (voxels of the grid).

    The number of subvoxels in a voxel varies, so that fractions at the edge have a common error of a few percent.
    """
    edge = (fraction > 0) & (fraction < 1)
    rest = total - np.count_nonzero(fraction == 1)
    if rest > 0 and edge.any():
        fraction[edge] = np.minimum(fraction[edge] * rest / fraction[edge].sum(), 1)
    return fraction


def _subvoxel_centers(spacing_mm: np.ndarray, edge_mm: float) -> np.ndarray:
    """Return the centers (n, 3) of the subvoxels of a native voxel, in voxels from its center."""
    divisions = np.maximum(1, np.ceil(3 * spacing_mm / edge_mm)).astype(int)
    offsets = [(np.arange(count) + 0.5) / count - 0.5 for count in divisions]
    return np.stack(np.meshgrid(*offsets, indexing="ij"), axis=-1).reshape(-1, 3)


def _average_pool(fine: np.ndarray) -> np.ndarray:
    """Return the mean over blocks of 2 x 2 x 2 voxels."""
    half = fine.shape[0] // 2
    return fine.reshape(half, 2, half, 2, half, 2).mean(axis=(1, 3, 5))
