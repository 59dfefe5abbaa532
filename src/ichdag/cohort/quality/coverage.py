"""Is the whole head in the scan, and how finely was it sampled."""

from typing import Any

import numpy as np

from ichdag.heads import Head
from ichdag.images import Volume

LOWEST_SLICES = 2


def measure_coverage(scan: Volume, head: Head, facts: dict[str, Any]) -> dict[str, float | None]:
    """covered_mm, vertex_cut, base_cut, slice_step_mm, slice_gap_mm (needs the slice thickness), in_plane_mm."""
    areas = head.inside.sum(axis=(0, 1)).astype(float)
    brain = head.enclosed.sum(axis=(0, 1)).astype(float)
    shown = np.flatnonzero(areas)
    step = float(scan.spacing_mm[2])
    thickness = facts.get("slice_thickness_mm")
    return {
        "covered_mm": float((shown[-1] + 1) * head.spacing_mm[2]),
        "vertex_cut": float(areas[-1] / areas.max()),
        "base_cut": float(brain[:LOWEST_SLICES].max() / brain.max()) if brain.any() else None,
        "slice_step_mm": step,
        "slice_gap_mm": None if thickness is None else round(step - float(thickness), 4),
        "in_plane_mm": float(scan.spacing_mm[:2].max()),
    }
