"""Preprocessing: the head without its table, in one cube, sampled on two isotropic grids, in a window of HU."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ichdag.heads import Head, cover, find_head
from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.numerals import numeral


@dataclass(frozen=True)
class Settings:
    """Grids the networks see; meanings and units in config/schemas/preprocessing.schema.json."""

    grid: int
    field_of_view_mm: float
    window_hu: tuple[float, float]
    head_hu: float


def make_grids(scan: Volume, *, mask: Volume | None, settings: Settings) -> dict[str, np.ndarray]:
    """Sample a scan (HU) and its manual mask on the grids; what is not head (table, holder, tubes) becomes air.

    Returns fine (G, G, G) and coarse (G/2, G/2, G/2) in [0, 1] float16, mask (G, G, G) float16 where there is one: the
    part of each voxel that is lesion; affine (4, 4) of the fine grid, native_affine (4, 4) and native_shape (3,), which
    are the way back. Raises DataFault if no head is found.
    """
    head = find_head(scan, head_hu=settings.head_hu)
    if not head.inside.any():
        raise DataFault("preprocessing", f"no voxel above {numeral(settings.head_hu)} HU: no head in the scan")
    affine = _grid_affine(_head_center_mm(head, settings), settings)
    low, high = settings.window_hu
    windowed = (np.clip(scan.values, low, high) - low) / (high - low)
    windowed *= cover(head, scan.values.shape)
    fine = _sampled(windowed, scan, affine, settings.grid)
    grids = {"fine": fine.astype(np.float16), "coarse": _halved(fine).astype(np.float16), "affine": affine}
    grids |= {"native_affine": scan.affine, "native_shape": np.array(scan.values.shape)}
    if mask is not None:
        grids["mask"] = _fraction(mask, affine, settings.grid).astype(np.float16)
    return grids


def _head_center_mm(head: Head, settings: Settings) -> np.ndarray:
    """World center (3,) of the cube: hung from the vertex, centered on what of the head it reaches.

    Where the scan goes on below (neck, shoulders), what lies under the cube is cropped and does not move its middle.
    """
    places = np.argwhere(head.inside)
    world = places @ head.affine[:3, :3].T + head.affine[:3, 3]
    top = world[:, 2].max() + head.spacing_mm[2] / 2
    reached = world[world[:, 2] > top - settings.field_of_view_mm]
    low, high = reached.min(axis=0), reached.max(axis=0)
    center = (low + high) / 2
    center[2] = top - min(top - low[2], settings.field_of_view_mm) / 2
    return center


def _grid_affine(center_mm: np.ndarray, settings: Settings) -> np.ndarray:
    """Voxel-to-world affine (4, 4) of the fine grid: RAS axes, isotropic, its cube centered on the head."""
    edge = settings.field_of_view_mm / settings.grid
    affine = np.diag([edge, edge, edge, 1.0])
    affine[:3, 3] = center_mm - edge * (settings.grid - 1) / 2
    return affine


def _sampled(values: np.ndarray, scan: Volume, affine: np.ndarray, grid: int) -> np.ndarray:
    """Linear samples (G, G, G) of a native array, smoothed first along the axes that lose resolution."""
    ratio = np.linalg.norm(affine[:3, :3], axis=0).mean() / scan.spacing_mm
    smooth = ndimage.gaussian_filter(values, sigma=np.maximum(0, (ratio - 1) / 2), truncate=3, mode="nearest")
    to_native = np.linalg.inv(scan.affine) @ affine
    shape = (grid, grid, grid)
    return ndimage.affine_transform(
        smooth, to_native[:3, :3], to_native[:3, 3], shape, order=1, mode="constant", cval=0
    )


def _fraction(mask: Volume, affine: np.ndarray, grid: int) -> np.ndarray:
    """The part of each voxel (G, G, G) of a grid that is lesion, float32; what lies outside the cube is not counted.

    Native voxels around the lesion are cut into pieces no larger than a third of the grid's voxels, and each piece is
    counted where its middle lies: the fraction is that of the lesion's pieces among all.
    """
    size = (grid, grid, grid)
    if not mask.values.any():
        return np.zeros(size, dtype=np.float32)
    edge = float(affine[0, 0])
    margin = np.ceil(2 * edge / mask.spacing_mm).astype(int)
    low = np.argwhere(mask.values).min(axis=0) - margin
    high = np.argwhere(mask.values).max(axis=0) + margin + 1
    box = np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"), axis=-1).reshape(-1, 3)
    known = ((box >= 0) & (box < mask.values.shape)).all(axis=1)
    lesion = np.zeros(len(box), dtype=bool)
    lesion[known] = mask.values[tuple(box[known].T)]
    to_grid = np.linalg.inv(affine) @ mask.affine
    places = box @ to_grid[:3, :3].T + to_grid[:3, 3]
    counts, pieces = np.zeros((2, grid**3)), _pieces(mask.spacing_mm, edge)
    for offset in pieces @ to_grid[:3, :3].T:
        cells = np.rint(places + offset).astype(int)
        inside = ((cells >= 0) & (cells < grid)).all(axis=1)
        flat = np.ravel_multi_index(cells[inside].T, size)
        counts[0] += np.bincount(flat, minlength=grid**3)
        counts[1] += np.bincount(flat, weights=lesion[inside], minlength=grid**3)
    fraction = counts[1] / np.maximum(counts[0], 1)
    whole = counts[1].sum() * mask.voxel_ml / len(pieces) / (edge**3 / 1000)
    return _adding_up(fraction, whole).reshape(size).astype(np.float32)


def _adding_up(fraction: np.ndarray, whole: float) -> np.ndarray:
    """The fractions with those of the lesion's edge scaled so that all add up to `whole` voxels of the grid.

    Pieces and voxels beat against each other, so that fractions of an edge are off by some hundredths, all alike.
    """
    edge = (fraction > 0) & (fraction < 1)
    rest = whole - np.count_nonzero(fraction == 1)
    if rest > 0 and edge.any():
        fraction[edge] = np.minimum(fraction[edge] * rest / fraction[edge].sum(), 1)
    return fraction


def _pieces(spacing_mm: np.ndarray, edge_mm: float) -> np.ndarray:
    """Middles (n, 3) of the pieces of one native voxel, in voxels from its center."""
    cuts = np.maximum(1, np.ceil(3 * spacing_mm / edge_mm)).astype(int)
    places = [(np.arange(count) + 0.5) / count - 0.5 for count in cuts]
    return np.stack(np.meshgrid(*places, indexing="ij"), axis=-1).reshape(-1, 3)


def _halved(fine: np.ndarray) -> np.ndarray:
    """Mean over blocks of 2 x 2 x 2 voxels."""
    half = fine.shape[0] // 2
    return fine.reshape(half, 2, half, 2, half, 2).mean(axis=(1, 3, 5))
