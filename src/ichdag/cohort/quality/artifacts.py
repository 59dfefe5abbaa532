"""Noise, motion, streaks, metal and contrast: what spoils a scan, or makes it another kind of scan."""

from typing import Any

import numpy as np
from scipy import ndimage

from ichdag.cohort.quality.motion import measure_motion
from ichdag.cohort.quality.streaks import measure_streaks
from ichdag.heads import BONE_HU, Head, cover
from ichdag.images import Volume

METAL_HU = 2800
ENHANCED_HU = (110, 250)
DEEP_MM = 8.0


def measure_artifacts(scan: Volume, head: Head, facts: dict[str, Any], *, brain: np.ndarray) -> dict[str, float | None]:
    """noise_hu, motion_mm, streak_hu, metal_ml, enhanced_ml, contrast_agent; None where nothing can be measured."""
    agent = facts.get("contrast_agent")
    return {
        "noise_hu": _noise_hu(scan, head, brain),
        "motion_mm": measure_motion(scan, head),
        "streak_hu": measure_streaks(scan, head),
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
