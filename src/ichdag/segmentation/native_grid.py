"""Resample lesion probabilities from the grid of the networks to masks on the native grid of the scan."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ichdag.grids import Box, bounding_box, box_corners, region_around, transform_points
from ichdag.images import Volume

# Voxels whose probability is within this distance of the threshold count as lesion in part.
PARTIAL_HALF_WIDTH = 0.25
MARGIN_VOXELS = 3  # of the networks' grid, around the lesion; a cubic spline reaches 2


@dataclass(frozen=True)
class MaskSettings:
    """Probability from which a voxel is lesion, and volume (mL) below which a component is removed."""

    threshold: float
    min_component_ml: float


def native_mask(probability: np.ndarray, *, grids: Mapping[str, np.ndarray], settings: MaskSettings) -> Volume:
    """Return the lesion mask on the native grid of a scan, from its stored probability (G, G, G): uint8, 255 is 1.

    `grids` has affine, native_affine and native_shape, as `preprocessing.network_grids.make_grids` returns them.
    """
    on_network_grid = Volume(probability / np.float32(255), grids["affine"])
    i, j, k = (int(size) for size in grids["native_shape"])
    return resample_to_native(on_network_grid, affine=grids["native_affine"], shape=(i, j, k), settings=settings)


def resample_to_native(
    probability: Volume, *, affine: np.ndarray, shape: tuple[int, int, int], settings: MaskSettings
) -> Volume:
    """Return the lesion mask on the native grid (affine, shape), from probabilities (0 to 1) on the networks' grid.

    The lesion keeps the volume that it has on the networks' grid: the native voxels with the highest probability become
    lesion, as many as have that volume. (A threshold on interpolated probabilities loses up to 20 % of a lesion of 1 mL
    in slices of 5 mm.) There is no lesion outside the networks' field of view.
    """
    values = np.zeros(tuple(shape), dtype=bool)
    fraction = _lesion_fraction(probability.values, settings.threshold)
    if fraction.any():
        matrix = np.linalg.inv(probability.affine) @ affine
        region = _native_region(fraction > 0, matrix, values.shape)
        native_fraction = _mean_fraction(fraction, matrix, region)
        total = _sum_inside_scan(fraction, np.linalg.inv(matrix), values.shape)
        count = int(round(total * probability.voxel_ml / Volume(values, affine).voxel_ml))
        is_lesion = np.zeros(native_fraction.size, dtype=bool)
        is_lesion[np.argsort(-native_fraction, axis=None, kind="stable")[:count]] = True
        values[region] = is_lesion.reshape(native_fraction.shape)
    return _remove_small_components(Volume(values, affine), settings.min_component_ml)


def _lesion_fraction(probability: np.ndarray, threshold: float) -> np.ndarray:
    """Return the fraction of each voxel that is lesion: 0.5 at the threshold, 0 or 1 at a distance of 0.25 or more.

    Only voxels at or above the threshold and their neighbors have a fraction: low probabilities elsewhere add no
    volume. The fraction is symmetric about the threshold, so that an edge inside a voxel causes no bias on average.
    """
    lesion = probability >= threshold
    if not lesion.any():
        return np.zeros(probability.shape, dtype=np.float32)
    near = ndimage.binary_dilation(lesion, np.ones((3, 3, 3)))
    distance = probability.astype(np.float32) - np.float32(threshold)
    fraction = np.clip(distance / PARTIAL_HALF_WIDTH / 2 + 0.5, 0, 1)
    return np.where(near, fraction, 0)


def _mean_fraction(fraction: np.ndarray, matrix: np.ndarray, region: Box) -> np.ndarray:
    """Return the mean fraction, by cubic spline, over each native voxel of a region.

    `matrix` maps native voxels to voxels of the networks' grid. Native voxels are divided into subvoxels no larger than
    half a voxel of the networks' grid, so that the value of a thick slice is a mean.
    """
    divisions = np.maximum(1, np.ceil(2 * np.linalg.norm(matrix[:3, :3], axis=0))).astype(int)
    low = np.array([side.start for side in region])
    size = np.array([side.stop - side.start for side in region])
    subvoxels = ndimage.affine_transform(
        fraction,
        matrix[:3, :3] / divisions,
        matrix[:3, :3] @ (low - 0.5 + 0.5 / divisions) + matrix[:3, 3],
        output_shape=tuple(size * divisions),
        order=3,
    )
    return subvoxels.reshape(np.stack([size, divisions], axis=1).ravel()).mean(axis=(1, 3, 5))


def _sum_inside_scan(fraction: np.ndarray, to_scan: np.ndarray, shape: tuple[int, ...]) -> float:
    """Return the sum of the fractions of all voxels that lie within the scan."""
    voxels = np.argwhere(fraction > 0)
    native = transform_points(to_scan, voxels)
    inside = ((native >= -0.5) & (native <= np.array(shape) - 0.5)).all(axis=1)
    return float(fraction[tuple(voxels[inside].T)].sum(dtype=np.float64))


def _native_region(lesion: np.ndarray, matrix: np.ndarray, shape: tuple[int, ...]) -> Box:
    """Return the native region around the lesion; `matrix` maps native voxels to voxels of the networks' grid."""
    corners = box_corners(bounding_box(lesion), margin=MARGIN_VOXELS)
    native = (corners - matrix[:3, 3]) @ np.linalg.inv(matrix[:3, :3]).T
    return region_around(native, shape=shape)


def _remove_small_components(mask: Volume, min_ml: float) -> Volume:
    """Remove the 26-connected components below `min_ml` mL from the mask."""
    labels, count = ndimage.label(mask.values, structure=np.ones((3, 3, 3)))
    if count == 0:
        return mask
    keep = np.bincount(labels.ravel()) * mask.voxel_ml >= min_ml
    keep[0] = False
    return Volume(keep[labels], mask.affine)
