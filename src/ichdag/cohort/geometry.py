"""Geometry of originals: slices that are tilted against their axis, masks on another grid."""

from typing import Any

import numpy as np
from scipy import ndimage

from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.numerals import numeral

LARGEST_COSINE = 1e-3


def straightened(volume: Volume, *, outside: float, order: int, notes: dict[str, Any]) -> Volume:
    """The volume on perpendicular axes: each slice is shifted within its plane to where the affine says it is.

    A gantry tilt that stands in the affine is a shear along the slices. In-plane axes and the distance between slices
    stay; the grid grows along the shifted axes so that nothing is lost, filled with `outside`; `order` is that of the
    spline (0 for masks). `notes` is told the tilt. Raises DataFault if the in-plane axes are not perpendicular.
    """
    axes = volume.affine[:3, :3]
    units = axes / np.linalg.norm(axes, axis=0)
    if abs(units[:, 0] @ units[:, 1]) > LARGEST_COSINE:
        raise DataFault("cohort", "rows and columns of its slices are not perpendicular: its affine is not a scan's")
    if max(abs(units[:, 0] @ units[:, 2]), abs(units[:, 1] @ units[:, 2])) <= LARGEST_COSINE:
        return volume
    normal = np.cross(units[:, 0], units[:, 1])
    step = float(normal @ axes[:, 2])
    drift = np.linalg.lstsq(axes[:, :2], axes[:, 2] - step * normal, rcond=None)[0]  # voxels a slice, along i and j
    notes["tilt_degrees"] = round(float(np.degrees(np.arccos(min(1.0, abs(step) / np.linalg.norm(axes[:, 2]))))), 2)
    last = volume.values.shape[2] - 1
    before = np.ceil(np.maximum(0, -drift * last)).astype(int)
    after = np.ceil(np.maximum(0, drift * last)).astype(int)
    widths = [(before[0], after[0]), (before[1], after[1])]
    planes = [
        ndimage.shift(
            np.pad(volume.values[:, :, place], widths, constant_values=outside).astype(np.float32),
            drift * place,
            order=order,
            cval=outside,
        )
        for place in range(last + 1)
    ]
    affine = volume.affine.copy()
    affine[:3, 2] = step * normal
    affine[:3, 3] -= axes[:, :2] @ before
    values = np.stack(planes, axis=2)
    return Volume((np.rint(values) if order else values).astype(volume.values.dtype), affine)


def on_grid_of(mask: Volume, scan: Volume) -> Volume:
    """The mask on the scan's grid, by its nearest voxel; false where the mask's grid does not reach."""
    matrix = np.linalg.inv(mask.affine) @ scan.affine
    values = ndimage.affine_transform(
        mask.values.astype(np.uint8), matrix[:3, :3], matrix[:3, 3], scan.values.shape, order=0, cval=0
    )
    return Volume(values > 0, scan.affine)


def grid_words(volume: Volume) -> str:
    """Shape, spacing and origin of a grid, for a sentence."""
    shape = " x ".join(map(str, volume.values.shape))
    spacing = " x ".join(numeral(edge, 6) for edge in volume.spacing_mm)
    origin = ", ".join(f"{place:.1f}" for place in volume.affine[:3, 3])
    return f"{shape} voxels of {spacing} mm from ({origin})"
