"""Measure motion of the head between slices: the outline of the skull is followed from slice to slice."""

import numpy as np
from scipy import ndimage

from ichdag.cohort.quality.polar_sampling import sample_polar
from ichdag.heads import BONE_HU, Head
from ichdag.images import Volume

ANGLES = np.arange(90) * 2 * np.pi / 90
RADII_MM = np.arange(140.0, 30.0, -1.0)
WIDE = 0.5  # of the largest area within the skull: in smaller slices, the outline changes fast by itself
MIN_SLICES = 5
MIN_FRACTION = 0.5  # of the outline
STEADY_MM = 0.7  # a larger change of shape, as at the orbits, cannot be distinguished from a rotation
EXACT_MM = 0.1


def measure_motion(scan: Volume, head: Head) -> float | None:
    """Measure the largest jump (mm) of the outline of the skull between slices; None if there are too few slices.

    The outlines on both sides of a gap between slices are extrapolated linearly to its middle. They meet there in a
    tilted or curved skull; if the head moved between the two slices, they differ by the movement: a shift, or a
    rotation, measured as the way of the rim. A slice that was scanned while the head moved lies in between: therefore
    its neighbors are compared too, as if it were not there (shift only).
    """
    edges = _outlines(scan, head)
    if edges is None:
        return None
    jumps_mm = []
    for k in range(1, len(edges) - 2):
        first, second, third, fourth = edges[k - 1 : k + 3]
        fitted = _fit_movement(1.5 * (third - second) - 0.5 * (fourth - first), (second + third) / 2)
        if fitted is not None:
            shift_mm, rotation_mm, change_mm = fitted
            jumps_mm.append(np.hypot(shift_mm, rotation_mm if change_mm < STEADY_MM else 0.0))
    for k in range(2, len(edges) - 2):
        first, second, third, fourth, fifth = edges[k - 2 : k + 3]
        fitted = _fit_movement(2 * (fourth - second) - (fifth - first), third)
        if fitted is not None:
            jumps_mm.append(fitted[0])
    return float(max(jumps_mm)) if jumps_mm else None


def _outlines(scan: Volume, head: Head) -> np.ndarray | None:
    """Measure the distance (mm) of the outer edge of the skull from its middle, (slices, angles); NaN without bone."""
    areas = head.enclosed.sum(axis=(0, 1))
    wide = np.flatnonzero(areas > WIDE * areas.max())
    if wide.size < MIN_SLICES:
        return None
    middle = np.argwhere(head.enclosed[:, :, wide])[:, :2].mean(axis=0) * head.spacing_mm[:2]
    radii, angles = np.meshgrid(RADII_MM, ANGLES, indexing="ij")
    rays = np.arange(ANGLES.size)
    edges = []
    for k in range(wide[0], wide[-1] + 1):
        values = sample_polar(scan.values[:, :, k * head.steps[2]], middle, radii, angles, spacing=scan.spacing_mm)
        is_head = sample_polar(head.inside[:, :, k], middle, radii, angles, spacing=head.spacing_mm) > 0.5
        values = np.where(is_head, values, -1000.0)
        outermost = np.maximum((values > BONE_HU).argmax(axis=0), 1)
        bone = values[outermost, rays]
        outside = values[outermost - 1, rays]
        with np.errstate(divide="ignore", invalid="ignore"):
            edge = RADII_MM[outermost] + (bone - BONE_HU) / (bone - outside)
        edges.append(np.where((bone > BONE_HU) & (outside <= BONE_HU), edge, np.nan))
    return np.array(edges)


def _fit_movement(jump: np.ndarray, edge: np.ndarray) -> tuple[float, float, float] | None:
    """Fit the shift and the rotation (mm) of the outline to its jump; return both, and the robust spread left (mm).

    None if too little of the outline is there. Rays on which the outline changes in another way have less weight
    (iteratively reweighted least squares).
    """
    is_known = np.isfinite(jump) & np.isfinite(edge)
    if is_known.mean() < MIN_FRACTION:
        return None
    radius = ndimage.median_filter(np.where(is_known, edge, np.median(edge[is_known])), 5, mode="wrap")
    radius = ndimage.gaussian_filter1d(radius, 2, mode="wrap")
    slope = (np.roll(radius, -1) - np.roll(radius, 1)) / (2 * ANGLES[1])
    along_i = np.cos(ANGLES) + slope / radius * np.sin(ANGLES)
    along_j = np.sin(ANGLES) - slope / radius * np.cos(ANGLES)
    directions = np.stack([along_i, along_j, -slope / radius.mean()], axis=1)[is_known]
    jump = jump[is_known]
    weights = np.ones(is_known.sum())
    for _ in range(10):
        movement = np.linalg.lstsq(directions * weights[:, None], jump * weights, rcond=None)[0]
        residual = np.abs(jump - directions @ movement)
        spread = 1.4826 * np.median(residual)
        weights = np.sqrt(1 / np.maximum(1, residual / (1.5 * (spread + EXACT_MM))))
    return float(np.hypot(*movement[:2])), float(abs(movement[2])), float(spread)
