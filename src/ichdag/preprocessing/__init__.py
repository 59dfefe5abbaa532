"""Preprocessing: one cube around the head, sampled on two isotropic grids, in a window of HU."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ichdag.images import Volume
from ichdag.jobs import DataFault


@dataclass(frozen=True)
class Settings:
    """Grids the networks see; meanings and units in config/schemas/preprocessing.schema.json."""

    grid: int
    field_of_view_mm: float
    window_hu: tuple[float, float]
    head_hu: float


def make_grids(scan: Volume, *, mask: Volume | None, settings: Settings) -> dict[str, np.ndarray]:
    """Sample a scan (HU) and its manual mask on the grids.

    Returns fine (G, G, G) and coarse (G/2, G/2, G/2) in [0, 1] float16, mask (G, G, G) bool where there is one, affine
    (4, 4) of the fine grid, native_affine (4, 4) and native_shape (3,). Raises DataFault if no head is found.
    """
    affine = _grid_affine(_head_center_mm(scan, settings), settings)
    low, high = settings.window_hu
    windowed = (np.clip(scan.values, low, high) - low) / (high - low)
    fine = _sampled(windowed, scan, affine, settings.grid)
    grids = {"fine": fine.astype(np.float16), "coarse": _halved(fine).astype(np.float16), "affine": affine}
    grids |= {"native_affine": scan.affine, "native_shape": np.array(scan.values.shape)}
    if mask is not None:
        grids["mask"] = _sampled(mask.values.astype(np.float32), scan, affine, settings.grid) >= 0.5
    return grids


def _head_center_mm(scan: Volume, settings: Settings) -> np.ndarray:
    """World center (3,) of the cube: the middle of the head, hung from the vertex where the scan shows the neck."""
    parts, count = ndimage.label(scan.values > settings.head_hu)
    if count == 0:
        raise DataFault("preprocessing", f"no voxel above {settings.head_hu:g} HU: no head in the scan")
    largest = np.bincount(parts.ravel())[1:].argmax()
    head = ndimage.find_objects(parts)[largest]
    corners = np.array([[side.start, side.stop - 1] for side in head], dtype=float)
    ends = scan.affine[:3, :3] @ corners + scan.affine[:3, 3:]
    low, high = ends.min(axis=1), ends.max(axis=1)
    center = (low + high) / 2
    center[2] = high[2] - min(high[2] - low[2], settings.field_of_view_mm) / 2
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


def _halved(fine: np.ndarray) -> np.ndarray:
    """Mean over blocks of 2 x 2 x 2 voxels."""
    half = fine.shape[0] // 2
    return fine.reshape(half, 2, half, 2, half, 2).mean(axis=(1, 3, 5))
