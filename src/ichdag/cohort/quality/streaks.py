"""Measure streaks: bright or dark lines that leave the head, in the air in front of it."""

import numpy as np
from scipy import ndimage

from ichdag.cohort.quality.intensity import AIR_HU
from ichdag.cohort.quality.polar_sampling import sample_polar
from ichdag.heads import Head
from ichdag.images import Volume

ANGLES = (np.arange(180) + 0.5) * np.pi / 180  # the front half: pillow, headrest and table are behind
RADII_MM = np.arange(0.0, 160.0)
OUTWARD_MM = np.arange(10.0, 31.0, 2.0)  # nearer are skin, ears, hair
SLANTS = np.array([-0.8, -0.4, 0.0, 0.4, 0.8])  # mm sideways for each mm outward
SIDE_DEGREES = 5  # to the lines on both sides
MIN_LINES = 100


def measure_streaks(scan: Volume, head: Head) -> float | None:
    """Measure how far (HU) lines of 20 mm in the air before the head differ from those beside them (97th percentile).

    The value of a line is its median: a streak along the line changes it, and a mask, hair or a holder that crosses the
    line does not.
    """
    differences_by_slice = []
    for k in np.flatnonzero(head.inside.any(axis=(0, 1))):
        lines = _line_medians(scan, head, int(k))
        differences = np.full_like(lines, np.nan)
        sides = (lines[:, : -2 * SIDE_DEGREES] + lines[:, 2 * SIDE_DEGREES :]) / 2
        differences[:, SIDE_DEGREES:-SIDE_DEGREES] = np.abs(lines[:, SIDE_DEGREES:-SIDE_DEGREES] - sides)
        differences_by_slice.append(np.fmax.reduce(differences))
    measured = np.concatenate(differences_by_slice)
    measured = measured[np.isfinite(measured)]
    return float(np.percentile(measured, 97)) if measured.size >= MIN_LINES else None


def _line_medians(scan: Volume, head: Head, k: int) -> np.ndarray:
    """Return the medians (HU) of lines that leave the head in slice k, (slants, angles); NaN where there is no air."""
    inside = head.inside[:, :, k]
    middle = np.array(ndimage.center_of_mass(inside)) * head.spacing_mm[:2]
    radii, angles = np.meshgrid(RADII_MM, ANGLES, indexing="ij")
    is_head = sample_polar(inside, middle, radii, angles, spacing=head.spacing_mm) > 0.5
    edge = RADII_MM[::-1][is_head[::-1].argmax(axis=0)]
    radii = edge + OUTWARD_MM[:, None]
    plane = scan.values[:, :, k * head.steps[2]]
    slants = SLANTS[:, None, None] * (OUTWARD_MM[:, None] - OUTWARD_MM.mean()) / (edge + OUTWARD_MM.mean())
    values = sample_polar(plane, middle, np.broadcast_to(radii, slants.shape), ANGLES + slants, spacing=scan.spacing_mm)
    lines = np.median(values, axis=1)
    return np.where(lines < AIR_HU, lines, np.nan)
