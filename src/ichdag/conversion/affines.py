"""Affines of originals: qform against sform, and the shear that a tilted gantry leaves in an affine."""

from typing import Any

import numpy as np
from scipy import ndimage

from ichdag.conversion.size_limits import refuse_size
from ichdag.images import LARGEST_OFFSET, Volume, corner_offsets_mm
from ichdag.jobs import DataFault
from ichdag.number_format import format_plain

MAX_GROWTH, MIN_LARGE_GRID = 4, 1_000_000  # ASSUME: of a grid by its tilt, 2 at 45 degrees; smaller masks may grow more
MAX_COSINE = 1e-3  # between axes that count as perpendicular
MAX_TILT_DEGREES = 45.0  # ASSUME: gantries tilt by 30 degrees at most
MAX_TURN_DEGREES = 1.0  # ASSUME: between qform and sform, for what programs round


def axis_cosines(affine: np.ndarray) -> np.ndarray:
    """Return the cosines between the three voxel axes of an affine (4, 4): ij, ik, jk, shape (3,)."""
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return np.array([axes[:, 0] @ axes[:, 1], axes[:, 0] @ axes[:, 2], axes[:, 1] @ axes[:, 2]])


def refuse_conflicting_axes(qform: np.ndarray, sform: np.ndarray, what: str) -> None:
    """Raise DataFault if an axis of the qform points elsewhere than that of the sform: mirrored, or turned.

    A qform holds no shear. Where the sform is sheared by a tilt, programs write the qform of the nearest perpendicular
    axes, or of perpendicular axes that lie within the slices. `what` names the image in the reason.
    """
    stated = qform[:3, :3] / np.linalg.norm(qform[:3, :3], axis=0)
    cosine = max(np.sum(stated * axes, axis=0).min() for axes in _perpendicular_axes(sform))
    degrees = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    if not degrees <= MAX_TURN_DEGREES:
        raise DataFault(
            "cohort",
            f"{what}: qform and sform are mirrored or turned against each other, an axis by {degrees:.0f} degrees: "
            "which one is right is not known, mend its header",
        )


def _perpendicular_axes(sform: np.ndarray) -> list[np.ndarray]:
    """Return the axes (3, 3) that programs write into a qform for a sform: the nearest, and those within the slices."""
    axes = sform[:3, :3] / np.linalg.norm(sform[:3, :3], axis=0)
    left, _, right = np.linalg.svd(axes)
    in_plane = np.linalg.qr(axes)[0]
    return [left @ right, in_plane * np.sign(np.sum(in_plane * axes, axis=0))]


def axes_difference_mm(qform: np.ndarray, sform: np.ndarray, shape: tuple[int, ...]) -> float:
    """Return how far (mm) the qform's axes and voxel size move a corner of the grid, if both grids share their center.

    0 where no corner moves by a tenth of a voxel. The shear of a tilt, which a qform cannot hold, counts as no
    difference: the qform's slice axis may be as long as that of the sform, or as the distance between slices.
    """
    edges = np.linalg.norm(sform[:3, :3], axis=0)
    differences = []
    for axes in _perpendicular_axes(sform):
        upright = np.abs(np.sum(axes * sform[:3, :3], axis=0))
        for steps in (edges, np.array([*edges[:2], upright[2]])):
            expected = np.eye(4)
            expected[:3, :3] = axes * steps
            offsets = corner_offsets_mm(qform, expected, shape)
            offsets -= offsets.mean(axis=0)
            voxels = np.abs(np.linalg.solve(expected[:3, :3], offsets.T)).max()
            differences.append(float(np.linalg.norm(offsets, axis=1).max()) if voxels >= LARGEST_OFFSET else 0.0)
    return min(differences)


def shear_upright(volume: Volume, *, outside: float, order: int, notes: dict[str, Any]) -> Volume:
    """Return the volume on perpendicular axes: each slice is shifted within its plane to where the affine puts it.

    A gantry tilt in the affine is a shear along the slices. In-plane axes and the distance between slices stay; the
    grid grows along the shifted axes so that nothing is lost, filled with `outside`; `order` is that of the spline
    (0 for masks). The tilt is written into `notes` as tilt_degrees. Raises DataFault if the in-plane axes are not
    perpendicular, or the tilt is larger than that of a gantry.
    """
    axes = volume.affine[:3, :3]
    units = axes / np.linalg.norm(axes, axis=0)
    if abs(units[:, 0] @ units[:, 1]) > MAX_COSINE:
        raise DataFault("cohort", "rows and columns of its slices are not perpendicular: its affine is not a scan's")
    if max(abs(units[:, 0] @ units[:, 2]), abs(units[:, 1] @ units[:, 2])) <= MAX_COSINE:
        return volume
    normal = np.cross(units[:, 0], units[:, 1])
    notes["tilt_degrees"] = round(_tilt_degrees(normal, units[:, 2]), 2)
    step = float(normal @ axes[:, 2])
    drift = np.linalg.lstsq(axes[:, :2], axes[:, 2] - step * normal, rcond=None)[0]  # voxels a slice, along i and j
    last = volume.values.shape[2] - 1
    before = np.ceil(np.maximum(0, -drift * last)).astype(int)
    after = np.ceil(np.maximum(0, drift * last)).astype(int)
    widths = [(before[0], after[0]), (before[1], after[1])]
    shape = tuple(np.add(volume.values.shape, [*(before + after), 0]).tolist())
    _refuse_growth(volume.values.shape, shape)
    values = np.empty(shape, dtype=volume.values.dtype)
    for index in range(last + 1):
        plane = np.pad(volume.values[:, :, index], widths, constant_values=outside).astype(np.float32)
        plane = ndimage.shift(plane, drift * index, order=order, cval=outside)
        values[:, :, index] = np.rint(plane) if order else plane
    affine = volume.affine.copy()
    affine[:3, 2] = step * normal
    affine[:3, 3] -= axes[:, :2] @ before
    return Volume(values, affine)


def _refuse_growth(before: tuple[int, ...], after: tuple[int, ...]) -> None:
    """Raise DataFault if a tilt makes a grid larger than that of a head CT, or many times larger than it was."""
    refuse_size(after, "the scan, with its tilt sheared straight,")
    factor = np.prod(after, dtype=float) / np.prod(before, dtype=float)
    if factor > MAX_GROWTH and np.prod(after, dtype=float) > MIN_LARGE_GRID:
        reason = (
            f"its slices lie so far beside each other that the grid grows to {format_plain(round(factor, 1))} times"
        )
        raise DataFault("cohort", f"{reason}, limit {MAX_GROWTH}: its affine is not a scan's")


def _tilt_degrees(normal: np.ndarray, axis: np.ndarray) -> float:
    """Return the angle between the slices' normal and their axis. Raises DataFault if no gantry tilts so far."""
    degrees = float(np.degrees(np.arccos(min(1.0, abs(normal @ axis)))))
    if degrees > MAX_TILT_DEGREES:
        reason = f"slices are tilted by {degrees:.0f} degrees against their axis"
        raise DataFault("cohort", f"{reason}, limit {format_plain(MAX_TILT_DEGREES)}: its affine is not a scan's")
    return degrees
