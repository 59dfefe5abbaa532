"""Geometry of originals: slices that are tilted against their axis, masks on another grid."""

from typing import Any

import numpy as np
from scipy import ndimage

from ichdag.grids import resample
from ichdag.images import LARGEST_OFFSET, Volume, corner_offsets_mm, same_grid
from ichdag.jobs import DataFault
from ichdag.number_format import format_plain

LARGEST_VOXELS = 200_000_000  # of an original: 762 slices of 512 x 512
LARGEST_PLANE = 2048**2  # voxels of a slice
LARGEST_GROWTH, ALWAYS_GROWN = 4, 1_000_000  # ASSUME: of a scan by its tilt, 2 at 45 degrees; and voxels of small masks
LARGEST_COSINE = 1e-3
LARGEST_TILT_DEGREES = 45.0  # ASSUME: gantries tilt by 30 degrees at most
LARGEST_TURN_DEGREES = 1.0  # ASSUME: between qform and sform, for what programs round


def cosines(affine: np.ndarray) -> np.ndarray:
    """Cosines between the three voxel axes: ij, ik, jk."""
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return np.array([axes[:, 0] @ axes[:, 1], axes[:, 0] @ axes[:, 2], axes[:, 1] @ axes[:, 2]])


def refuse_other_axes(quality: np.ndarray, scanner: np.ndarray, what: str) -> None:
    """Raise DataFault if an axis of the qform points elsewhere than that of the sform: mirrored, or turned.

    A qform holds no shear. Where the sform is sheared by a tilt, programs write the qform of the nearest axes that are
    perpendicular, or of those within the slices.
    """
    stated = quality[:3, :3] / np.linalg.norm(quality[:3, :3], axis=0)
    along = max(np.sum(stated * one, axis=0).min() for one in _perpendicular(scanner))
    degrees = float(np.degrees(np.arccos(np.clip(along, -1, 1))))
    if not degrees <= LARGEST_TURN_DEGREES:
        raise DataFault(
            "cohort",
            f"{what}: qform and sform are mirrored or turned against each other, an axis by {degrees:.0f} degrees: "
            "which one is right is not known, mend its header",
        )


def _perpendicular(scanner: np.ndarray) -> list[np.ndarray]:
    """The directions (3, 3) that programs write into a qform for a sform: the nearest, and those within the slices."""
    axes = scanner[:3, :3] / np.linalg.norm(scanner[:3, :3], axis=0)
    left, _, right = np.linalg.svd(axes)
    within = np.linalg.qr(axes)[0]
    return [left @ right, within * np.sign(np.sum(within * axes, axis=0))]


def axes_apart_mm(quality: np.ndarray, scanner: np.ndarray, shape: tuple[int, ...]) -> float:
    """How far a corner of the grid lies off by the qform's voxel size and directions, its middle on that of the sform.

    0 where no corner is off by a tenth of a voxel. What a qform cannot hold, the shear of a tilt, counts as no
    difference: its slice axis is as long as the sform's, or as the distance between slices.
    """
    edges = np.linalg.norm(scanner[:3, :3], axis=0)
    found = []
    for axes in _perpendicular(scanner):
        upright = np.abs(np.sum(axes * scanner[:3, :3], axis=0))
        for steps in (edges, np.array([*edges[:2], upright[2]])):
            wanted = np.eye(4)
            wanted[:3, :3] = axes * steps
            offsets = corner_offsets_mm(quality, wanted, shape)
            offsets -= offsets.mean(axis=0)
            voxels = np.abs(np.linalg.solve(wanted[:3, :3], offsets.T)).max()
            found.append(float(np.linalg.norm(offsets, axis=1).max()) if voxels >= LARGEST_OFFSET else 0.0)
    return min(found)


def straightened(volume: Volume, *, outside: float, order: int, notes: dict[str, Any]) -> Volume:
    """The volume on perpendicular axes: each slice is shifted within its plane to where the affine says it is.

    A gantry tilt that stands in the affine is a shear along the slices. In-plane axes and the distance between slices
    stay; the grid grows along the shifted axes so that nothing is lost, filled with `outside`; `order` is that of the
    spline (0 for masks). `notes` is told the tilt. Raises DataFault if the in-plane axes are not perpendicular, or the
    tilt is more than a gantry's.
    """
    axes = volume.affine[:3, :3]
    units = axes / np.linalg.norm(axes, axis=0)
    if abs(units[:, 0] @ units[:, 1]) > LARGEST_COSINE:
        raise DataFault("cohort", "rows and columns of its slices are not perpendicular: its affine is not a scan's")
    if max(abs(units[:, 0] @ units[:, 2]), abs(units[:, 1] @ units[:, 2])) <= LARGEST_COSINE:
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
    for place in range(last + 1):
        plane = np.pad(volume.values[:, :, place], widths, constant_values=outside).astype(np.float32)
        plane = ndimage.shift(plane, drift * place, order=order, cval=outside)
        values[:, :, place] = np.rint(plane) if order else plane
    affine = volume.affine.copy()
    affine[:3, 2] = step * normal
    affine[:3, 3] -= axes[:, :2] @ before
    return Volume(values, affine)


def _refuse_growth(before: tuple[int, ...], after: tuple[int, ...]) -> None:
    """Raise DataFault if a tilt makes a grid larger than that of a head CT, or many times what it was."""
    refuse_size(after, "the scan, with its tilt sheared straight,")
    times = np.prod(after, dtype=float) / np.prod(before, dtype=float)
    if times > LARGEST_GROWTH and np.prod(after, dtype=float) > ALWAYS_GROWN:
        found = f"its slices lie so far beside each other that the grid grows to {format_plain(round(times, 1))} times"
        raise DataFault("cohort", f"{found}, limit {LARGEST_GROWTH}: its affine is not a scan's")


def _tilt_degrees(normal: np.ndarray, axis: np.ndarray) -> float:
    """The angle between the slices' normal and the axis they lie on. Raises DataFault if it is more than a gantry's."""
    degrees = float(np.degrees(np.arccos(min(1.0, abs(normal @ axis)))))
    if degrees > LARGEST_TILT_DEGREES:
        found = f"slices are tilted by {degrees:.0f} degrees against their axis"
        raise DataFault("cohort", f"{found}, limit {format_plain(LARGEST_TILT_DEGREES)}: its affine is not a scan's")
    return degrees


def refuse_size(shape: Any, what: str) -> None:
    """Raise DataFault for more voxels than a head CT has, before there is memory to be had for them."""
    count = float(np.prod(shape, dtype=float))
    if not abs(count) <= LARGEST_VOXELS:
        raise DataFault(
            "cohort", f"{what} is too large: {format_plain(count, 3)} voxels, limit {format_plain(LARGEST_VOXELS, 3)}"
        )


def refuse_plane(shape: tuple[int, ...], what: str) -> None:
    """Raise DataFault for a slice of more voxels than a detector has: it is read as a whole, in 8 bytes a voxel."""
    if shape[0] * shape[1] > LARGEST_PLANE:
        raise DataFault("cohort", f"{what} is too large: slices of {shape[0]} x {shape[1]} voxels, limit 2048 x 2048")


def put_back(mask: Volume, scan: Volume) -> Volume:
    """The mask with the rest of the scan's grid around it if it is a part of that grid, voxel on voxel; else as it is.

    Along an axis of one voxel the distance to the next one means nothing, and is not asked for.
    """
    own = mask.affine.copy()
    for axis in np.flatnonzero(np.array(mask.values.shape) == 1):
        own[:3, axis] = scan.affine[:3, axis]
    start = np.rint(np.linalg.solve(scan.affine, own[:, 3])[:3]).astype(int)
    end = start + mask.values.shape
    wanted = scan.affine.copy()
    wanted[:3, 3] += scan.affine[:3, :3] @ start
    beside = Volume(mask.values, wanted)
    if not same_grid(Volume(mask.values, own), beside) or (start < 0).any() or (end > scan.values.shape).any():
        return mask
    values = np.zeros(scan.values.shape, dtype=bool)
    values[tuple(slice(*ends) for ends in zip(start, end, strict=True))] = mask.values
    return Volume(values, scan.affine)


def on_grid_of(mask: Volume, scan: Volume) -> Volume:
    """The mask on the scan's grid, by its nearest voxel; false where the mask's grid does not reach."""
    lesion = Volume(mask.values.astype(np.uint8), mask.affine)
    values = resample(lesion, affine=scan.affine, shape=scan.values.shape, order=0)
    return Volume(values > 0, scan.affine)


def grid_words(volume: Volume) -> str:
    """Shape, spacing and origin of a grid, for a sentence."""
    shape = " x ".join(map(str, volume.values.shape))
    spacing = " x ".join(format_plain(edge, 6) for edge in volume.spacing_mm)
    origin = ", ".join(f"{place:.1f}" for place in volume.affine[:3, 3])
    return f"{shape} voxels of {spacing} mm from ({origin})"
