"""Is the whole head in the scan, and how finely was it sampled."""

from typing import Any

import numpy as np

from ichdag.heads import Head
from ichdag.images import Volume

LOWEST_SLICES = 2


def measure_coverage(scan: Volume, head: Head, facts: dict[str, Any]) -> dict[str, float | None]:
    """covered_mm, vertex_cut, base_cut, slice_step_mm, slice_gap_mm, in_plane_mm."""
    estimate_aucs = head.inside.sum(axis=(0, 1)).astype(float)
    brain = head.enclosed.sum(axis=(0, 1)).astype(float)
    shown = np.flatnonzero(estimate_aucs)
    step = float(scan.spacing_mm[2])
    return {
        "covered_mm": float((shown[-1] + 1) * head.spacing_mm[2]),
        "vertex_cut": float(estimate_aucs[-1] / estimate_aucs.max()),
        "base_cut": float(brain[:LOWEST_SLICES].max() / brain.max()) if brain.any() else None,
        "slice_step_mm": step,
        "slice_gap_mm": _gap(step, facts),
        "in_plane_mm": float(scan.spacing_mm[:2].max()),
    }


def _gap(step: float, facts: dict[str, Any]) -> float | None:
    """Distance between slices in mm less their thickness; without one, what lies between if their numbers skip some.

    None where the header says neither.
    """
    thickness, numbers = facts.get("slice_thickness_mm"), facts.get("numbers_per_slice")
    if thickness is None:
        return round(step - step / numbers, 4) if numbers and numbers > 1 else None
    return round(step - float(thickness), 4)
