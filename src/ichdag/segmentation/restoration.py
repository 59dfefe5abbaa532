"""Masks on the scan's own grid, from lesion probabilities on the networks' grid."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ichdag.images import Volume


@dataclass(frozen=True)
class RestorationSettings:
    """Probability from which a voxel is lesion, and volume below which an isolated component is dropped."""

    threshold: float
    smallest_component_ml: float


def restore_mask(
    probability: Volume, *, affine: np.ndarray, shape: tuple[int, int, int], settings: RestorationSettings
) -> Volume:
    """The lesion mask on the scan's own grid (affine, shape), from probabilities (0 to 1) on the networks' grid.

    Probabilities are interpolated linearly between the two grids' voxel centers and cut at the threshold, so that the
    mask's volume does not depend on the grids. Outside the networks' field of view there is no lesion.
    """
    matrix = np.linalg.inv(probability.affine) @ affine
    values = ndimage.affine_transform(
        probability.values.astype(np.float32), matrix[:3, :3], matrix[:3, 3], output_shape=tuple(shape), order=1
    )
    mask = Volume(values >= settings.threshold, affine)
    return _without_small_components(mask, settings.smallest_component_ml)


def _without_small_components(mask: Volume, smallest_ml: float) -> Volume:
    """The mask without its 26-connected components below `smallest_ml` mL."""
    labels, count = ndimage.label(mask.values, structure=np.ones((3, 3, 3)))
    if count == 0:
        return mask
    volumes = np.bincount(labels.ravel()) * mask.voxel_ml
    keep = volumes >= smallest_ml
    keep[0] = False
    return Volume(keep[labels], mask.affine)
