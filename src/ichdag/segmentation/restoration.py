"""Masks on the scan's own grid, from lesion probabilities on the networks' grid."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import ndimage

from ichdag.images import Volume

HALF_WIDTH = 0.25  # of the probabilities around the threshold where a voxel is lesion in part
MARGIN = 3  # voxels of the networks' grid around the lesion; a cubic spline reaches 2


@dataclass(frozen=True)
class RestorationSettings:
    """Probability from which a voxel is lesion, and volume below which an isolated component is dropped."""

    threshold: float
    smallest_component_ml: float


def restore_mask(
    probability: Volume, *, affine: np.ndarray, shape: tuple[int, int, int], settings: RestorationSettings
) -> Volume:
    """The lesion mask on the scan's own grid (affine, shape), from probabilities (0 to 1) on the networks' grid.

    The lesion keeps the volume that it has on the networks' grid: the scan's voxels of the highest probability are
    lesion, as many as have that volume. (Cutting samples at a threshold loses up to 20 % of a lesion of 1 mL in slices
    of 5 mm.) Outside the networks' field of view there is no lesion, and none outside the scan's.
    """
    values = np.zeros(tuple(shape), dtype=bool)
    parts = _lesion_parts(probability.values, settings.threshold)
    if parts.any():
        matrix = np.linalg.inv(probability.affine) @ affine
        region = _reached(parts > 0, matrix, values.shape)
        likely = _means(parts, matrix, region)
        seen = _seen(parts, np.linalg.inv(matrix), values.shape)
        count = int(round(seen * probability.voxel_ml / Volume(values, affine).voxel_ml))
        chosen = np.zeros(likely.size, dtype=bool)
        chosen[np.argsort(-likely, axis=None, kind="stable")[:count]] = True
        values[region] = chosen.reshape(likely.shape)
    return _without_small_components(Volume(values, affine), settings.smallest_component_ml)


def _lesion_parts(probability: np.ndarray, threshold: float) -> np.ndarray:
    """The part of each voxel that is lesion, 0 to 1: a half at the threshold, none or all a quarter away from it.

    Only voxels that are lesion and their neighbors count: doubt elsewhere adds no volume. The part is even about the
    threshold, so that an edge that crosses a voxel anywhere costs or adds nothing on average.
    """
    lesion = probability >= threshold
    if not lesion.any():
        return np.zeros(probability.shape, dtype=np.float32)
    near = ndimage.binary_dilation(lesion, np.ones((3, 3, 3)))
    parts = np.clip((probability.astype(np.float32) - np.float32(threshold)) / HALF_WIDTH / 2 + 0.5, 0, 1)
    return np.where(near, parts, 0)


def _means(parts: np.ndarray, matrix: np.ndarray, region: tuple[slice, ...]) -> np.ndarray:
    """The mean of the parts, by cubic spline, over each voxel of a region; `matrix` maps the scan's voxels to theirs.

    Voxels are cut into pieces no larger than half a voxel of the networks' grid, so that thick slices are means.
    """
    cuts = np.maximum(1, np.ceil(2 * np.linalg.norm(matrix[:3, :3], axis=0))).astype(int)
    low = np.array([side.start for side in region])
    size = np.array([side.stop - side.start for side in region])
    pieces = ndimage.affine_transform(
        parts,
        matrix[:3, :3] / cuts,
        matrix[:3, :3] @ (low - 0.5 + 0.5 / cuts) + matrix[:3, 3],
        output_shape=tuple(size * cuts),
        order=3,
    )
    return pieces.reshape(np.stack([size, cuts], axis=1).ravel()).mean(axis=(1, 3, 5))


def _seen(parts: np.ndarray, to_scan: np.ndarray, shape: tuple[int, ...]) -> float:
    """The sum of the parts whose voxels lie within the scan."""
    places = np.argwhere(parts > 0)
    native = places @ to_scan[:3, :3].T + to_scan[:3, 3]
    inside = ((native >= -0.5) & (native <= np.array(shape) - 0.5)).all(axis=1)
    return float(parts[tuple(places[inside].T)].sum(dtype=np.float64))


def _reached(likely: np.ndarray, matrix: np.ndarray, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """The part of the scan that the likely voxels may reach; `matrix` maps the scan's voxels to the networks'."""
    box = ndimage.find_objects(likely.astype(np.uint8))[0]
    corners = np.array(list(product(*[(side.start - MARGIN, side.stop - 1 + MARGIN) for side in box])))
    native = (corners - matrix[:3, 3]) @ np.linalg.inv(matrix[:3, :3]).T
    low = np.clip(np.floor(native.min(axis=0)).astype(int), 0, shape)
    high = np.clip(np.ceil(native.max(axis=0)).astype(int) + 1, low, shape)
    return tuple(map(slice, low.tolist(), high.tolist()))


def _without_small_components(mask: Volume, smallest_ml: float) -> Volume:
    """The mask without its 26-connected components below `smallest_ml` mL."""
    labels, count = ndimage.label(mask.values, structure=np.ones((3, 3, 3)))
    if count == 0:
        return mask
    keep = np.bincount(labels.ravel()) * mask.voxel_ml >= smallest_ml
    keep[0] = False
    return Volume(keep[labels], mask.affine)
