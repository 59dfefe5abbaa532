"""Noise, motion, streaks, metal and contrast: what spoils a scan, or makes it another kind of scan."""

from typing import Any

import numpy as np
from scipy import ndimage

from ichdag.cohort.quality.intensity import AIR_HU
from ichdag.heads import BONE_HU, Head, cover
from ichdag.images import Volume

METAL_HU = 2800
ENHANCED_HU = (110, 250)
NEAR_MM, DEEP_MM = (6.0, 25.0), 8.0


def measure_artifacts(scan: Volume, head: Head, facts: dict[str, Any], *, brain: np.ndarray) -> dict[str, float | None]:
    """noise_hu, motion_mm, streak_hu, metal_ml, enhanced_ml, contrast_agent; None where nothing can be measured."""
    agent = facts.get("contrast_agent")
    return {
        "noise_hu": _noise_hu(scan, head, brain),
        "motion_mm": _motion_mm(head),
        "streak_hu": _streak_hu(head),
        "metal_ml": _metal_ml(scan, head),
        "enhanced_ml": _enhanced_ml(head),
        "contrast_agent": None if agent is None else float(agent),
    }


def _noise_hu(scan: Volume, head: Head, brain: np.ndarray) -> float | None:
    """Standard deviation of noise (robust), from differences of voxels two apart in the plane of the scan's own grid.

    Anatomy changes little over two voxels; neighbors are not used, for reconstruction kernels correlate their noise.
    """
    slices = np.flatnonzero(brain.any(axis=(0, 1)))
    if slices.size == 0:
        return None
    found = []
    for place in slices[len(slices) // 4 : 3 * len(slices) // 4 + 1 : max(1, len(slices) // 12)]:
        own = min(place * head.steps[2], scan.values.shape[2] - 1)
        region = np.kron(brain[:, :, place], np.ones(head.steps[:2], dtype=bool))
        plane = scan.values[: region.shape[0], : region.shape[1], own]
        region = region[: plane.shape[0], : plane.shape[1]]
        both = region[2:] & region[:-2]
        found.append((plane[2:] - plane[:-2])[both])
    differences = np.concatenate(found)
    if differences.size < 100:
        return None
    spread = 1.4826 * np.median(np.abs(differences))
    return float(differences[np.abs(differences) <= 4 * spread].std() / np.sqrt(2))


def _motion_mm(head: Head) -> float | None:
    """Largest jump of the skull's outline from what both neighboring slices make one expect, in mm.

    The middle of the head's outline moves smoothly from slice to slice; a head that moves between two rotations leaves
    a step. Measured where the head is wide (the vertex and the neck change fast by themselves).
    """
    areas = head.inside.sum(axis=(0, 1))
    wide = np.flatnonzero(areas > 0.7 * areas.max())
    if wide.size < 5:
        return None
    first, last = wide[0], wide[-1]
    middles = np.array([ndimage.center_of_mass(head.inside[:, :, place]) for place in range(first, last + 1)])
    bends = np.abs(middles[1:-1] - (middles[:-2] + middles[2:]) / 2) * head.spacing_mm[:2]
    return float(bends.max())


def _streak_hu(head: Head) -> float | None:
    """How far the brightest air close to the head stands above the median of that air (99th percentile)."""
    outside = ndimage.distance_transform_edt(~head.inside, sampling=[*head.spacing_mm[:2], 1e6])
    ring = (outside > NEAR_MM[0]) & (outside < NEAR_MM[1]) & (head.values < AIR_HU)
    air = head.values[ring]
    return float(np.percentile(air, 99) - np.median(air)) if air.size > 500 else None


def _metal_ml(scan: Volume, head: Head) -> float:
    """Volume of the head above METAL_HU: denser than any bone, on the scan's own grid."""
    dense = scan.values > METAL_HU
    return float(np.count_nonzero(dense & cover(head, scan.values.shape)) * scan.voxel_ml) if dense.any() else 0.0


def _enhanced_ml(head: Head) -> float | None:
    """Volume as bright as contrast in vessels, some mm away from bone: blood is darker."""
    if not head.enclosed.any():
        return None
    depth = ndimage.distance_transform_edt(head.values < BONE_HU, sampling=head.spacing_mm)
    low, high = ENHANCED_HU
    bright = (head.values > low) & (head.values < high) & head.enclosed & (depth > DEEP_MM)
    return float(bright.sum() * head.voxel_ml)
