"""Did the head move between slices: the skull's outline is followed from slice to slice."""

import numpy as np
from scipy import ndimage

from ichdag.cohort.quality.rays import sample
from ichdag.heads import BONE_HU, Head
from ichdag.images import Volume

ANGLES = np.arange(90) * 2 * np.pi / 90
RADII_MM = np.arange(140.0, 30.0, -1.0)
WIDE = 0.5  # of the largest area within the skull: below and above, the outline changes fast by itself
SMALLEST_SLICES, SMALLEST_SHARE = 5, 0.5
STEADY_MM = 0.7  # where the shape changes by more than this, as at the orbits, a turn cannot be told from it
EXACT_MM = 0.1


def measure_motion(scan: Volume, head: Head) -> float | None:
    """Largest jump (mm) of the skull's outline, shifted or turned, from what the slices on either side foretell.

    Both sides are carried on in straight lines to where they meet: a tilted or curved skull leaves nothing there, a
    head that moved between two slices leaves how far it moved. A turn counts as its way at the rim. A slice taken while
    the head moved lies in between, so that its neighbors are compared, too, as if it were not there (shift only).
    """
    edges = _outlines(scan, head)
    if edges is None:
        return None
    found = []
    for place in range(1, len(edges) - 2):
        before, here, after, beyond = edges[place - 1 : place + 3]
        fitted = _fit(1.5 * (after - here) - 0.5 * (beyond - before), (here + after) / 2)
        if fitted is not None:
            shift, turn, change = fitted
            found.append(np.hypot(shift, turn if change < STEADY_MM else 0.0))
    for place in range(2, len(edges) - 2):
        first, before, here, after, last = edges[place - 2 : place + 3]
        fitted = _fit(2 * (after - before) - (last - first), here)
        if fitted is not None:
            found.append(fitted[0])
    return float(max(found)) if found else None


def _outlines(scan: Volume, head: Head) -> np.ndarray | None:
    """Distance (mm) of the skull's outer edge from the middle of the skull, (slices, angles); NaN where none is."""
    estimate_aucs = head.enclosed.sum(axis=(0, 1))
    wide = np.flatnonzero(estimate_aucs > WIDE * estimate_aucs.max())
    if wide.size < SMALLEST_SLICES:
        return None
    middle = np.argwhere(head.enclosed[:, :, wide])[:, :2].mean(axis=0) * head.spacing_mm[:2]
    radii, angles = np.meshgrid(RADII_MM, ANGLES, indexing="ij")
    rays = np.arange(ANGLES.size)
    found = []
    for place in range(wide[0], wide[-1] + 1):
        values = sample(scan.values[:, :, place * head.steps[2]], middle, radii, angles, spacing=scan.spacing_mm)
        own = sample(head.inside[:, :, place], middle, radii, angles, spacing=head.spacing_mm) > 0.5
        values = np.where(own, values, -1000.0)
        outermost = np.maximum((values > BONE_HU).argmax(axis=0), 1)
        bone, outside = values[outermost, rays], values[outermost - 1, rays]
        with np.errstate(divide="ignore", invalid="ignore"):
            edge = RADII_MM[outermost] + (bone - BONE_HU) / (bone - outside)
        found.append(np.where((bone > BONE_HU) & (outside <= BONE_HU), edge, np.nan))
    return np.array(found)


def _fit(jump: np.ndarray, edge: np.ndarray) -> tuple[float, float, float] | None:
    """The shift and the turn (mm) that explain best how the outline jumps, and what they leave (robust spread, mm).

    None if too little of the outline is there. Rays on which the outline changes otherwise count less.
    """
    there = np.isfinite(jump) & np.isfinite(edge)
    if there.mean() < SMALLEST_SHARE:
        return None
    radius = ndimage.median_filter(np.where(there, edge, np.median(edge[there])), 5, mode="wrap")
    radius = ndimage.gaussian_filter1d(radius, 2, mode="wrap")
    slope = (np.roll(radius, -1) - np.roll(radius, 1)) / (2 * ANGLES[1])
    along_i = np.cos(ANGLES) + slope / radius * np.sin(ANGLES)
    along_j = np.sin(ANGLES) - slope / radius * np.cos(ANGLES)
    ways = np.stack([along_i, along_j, -slope / radius.mean()], axis=1)[there]
    jump, weights = jump[there], np.ones(there.sum())
    for _ in range(10):
        found = np.linalg.lstsq(ways * weights[:, None], jump * weights, rcond=None)[0]
        left = np.abs(jump - ways @ found)
        spread = 1.4826 * np.median(left)
        weights = np.sqrt(1 / np.maximum(1, left / (1.5 * (spread + EXACT_MM))))
    return float(np.hypot(*found[:2])), float(abs(found[2])), float(spread)
