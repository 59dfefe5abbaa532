"""Measure artifacts: noise, motion, streaks, metal, and contrast agent."""

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
    """Measure noise_hu, motion_mm, streak_hu, metal_ml, enhanced_ml, contrast_agent; None where it is not possible."""
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
    """Estimate the standard deviation of noise (robust) from differences of voxels that are two apart within a slice.

    Anatomy changes little over two voxels. Direct neighbors are not used: reconstruction kernels correlate their noise.
    """
    slices = np.flatnonzero(brain.any(axis=(0, 1)))
    if slices.size == 0:
        return None
    differences_by_slice = []
    for k in slices[len(slices) // 4 : 3 * len(slices) // 4 + 1 : max(1, len(slices) // 12)]:
        scan_k = min(k * head.steps[2], scan.values.shape[2] - 1)
        region = np.kron(brain[:, :, k], np.ones(head.steps[:2], dtype=bool))
        plane = scan.values[: region.shape[0], : region.shape[1], scan_k]
        region = region[: plane.shape[0], : plane.shape[1]]
        both_inside = region[2:] & region[:-2]
        differences_by_slice.append((plane[2:] - plane[:-2])[both_inside])
    differences = np.concatenate(differences_by_slice)
    if differences.size < 100:
        return None
    spread = 1.4826 * np.median(np.abs(differences))
    return float(differences[np.abs(differences) <= 4 * spread].std() / np.sqrt(2))


def _metal_ml(scan: Volume, head: Head) -> float:
    """Measure the volume of the head above METAL_HU, which is denser than any bone, on the grid of the scan."""
    dense = scan.values > METAL_HU
    return float(np.count_nonzero(dense & cover(head, scan.values.shape)) * scan.voxel_ml) if dense.any() else 0.0


def _enhanced_ml(head: Head) -> float | None:
    """Measure the volume that is as bright as contrast agent in vessels, some mm away from bone; blood is darker."""
    if not head.enclosed.any():
        return None
    depth = ndimage.distance_transform_edt(head.values < BONE_HU, sampling=head.spacing_mm)
    low, high = ENHANCED_HU
    bright = (head.values > low) & (head.values < high) & head.enclosed & (depth > DEEP_MM)
    return float(bright.sum() * head.voxel_ml)
