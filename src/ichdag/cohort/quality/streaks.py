"""Are there streaks: lines that leave the head, in the air in front of it."""

import numpy as np
from scipy import ndimage

from ichdag.cohort.quality.intensity import AIR_HU
from ichdag.cohort.quality.rays import sample
from ichdag.heads import Head
from ichdag.images import Volume

ANGLES = (np.arange(180) + 0.5) * np.pi / 180  # the front half: pillow, headrest and table lie behind
RADII_MM = np.arange(0.0, 160.0)
OUTWARD_MM = np.arange(10.0, 31.0, 2.0)  # nearer lie skin, ears, hair
ASLANT = np.array([-0.8, -0.4, 0.0, 0.4, 0.8])  # mm sideways for each mm outward
ASIDE = 5  # degrees
SMALLEST_LINES = 100


def measure_streaks(scan: Volume, head: Head) -> float | None:
    """How far lines of 20 mm through the air in front of the head differ from the air on both sides (97th percentile).

    A line's value is its median, so that a mask, a strand of hair or a holder that crosses it does not count; a streak
    that runs along it does.
    """
    found = []
    for place in np.flatnonzero(head.inside.any(axis=(0, 1))):
        lines = _lines(scan, head, place)
        apart = np.full_like(lines, np.nan)
        sides = (lines[:, : -2 * ASIDE] + lines[:, 2 * ASIDE :]) / 2
        apart[:, ASIDE:-ASIDE] = np.abs(lines[:, ASIDE:-ASIDE] - sides)
        found.append(np.fmax.reduce(apart))
    apart = np.concatenate(found)
    apart = apart[np.isfinite(apart)]
    return float(np.percentile(apart, 97)) if apart.size >= SMALLEST_LINES else None


def _lines(scan: Volume, head: Head, place: int) -> np.ndarray:
    """Medians (HU) of lines that leave the head in a slice, (slants, angles); NaN where there is no air."""
    inside = head.inside[:, :, place]
    middle = np.array(ndimage.center_of_mass(inside)) * head.spacing_mm[:2]
    radii, angles = np.meshgrid(RADII_MM, ANGLES, indexing="ij")
    own = sample(inside, middle, radii, angles, spacing=head.spacing_mm) > 0.5
    edge = RADII_MM[::-1][own[::-1].argmax(axis=0)]
    radii = edge + OUTWARD_MM[:, None]
    plane = scan.values[:, :, place * head.steps[2]]
    slants = ASLANT[:, None, None] * (OUTWARD_MM[:, None] - OUTWARD_MM.mean()) / (edge + OUTWARD_MM.mean())
    values = sample(plane, middle, np.broadcast_to(radii, slants.shape), ANGLES + slants, spacing=scan.spacing_mm)
    lines = np.median(values, axis=1)
    return np.where(lines < AIR_HU, lines, np.nan)
