"""Measure how much of the head is in the scan, and how finely it was sampled."""

from typing import Any

import numpy as np

from ichdag.heads import Head
from ichdag.images import Volume

LOWEST_SLICES = 2


def measure_coverage(scan: Volume, head: Head, facts: dict[str, Any]) -> dict[str, float | None]:
    """Measure covered_mm, vertex_cut, base_cut, slice_step_mm, slice_gap_mm, in_plane_mm."""
    head_areas = head.inside.sum(axis=(0, 1)).astype(float)
    brain_areas = head.enclosed.sum(axis=(0, 1)).astype(float)
    shown = np.flatnonzero(head_areas)
    step_mm = float(scan.spacing_mm[2])
    return {
        "covered_mm": float((shown[-1] + 1) * head.spacing_mm[2]),
        "vertex_cut": float(head_areas[-1] / head_areas.max()),
        "base_cut": float(brain_areas[:LOWEST_SLICES].max() / brain_areas.max()) if brain_areas.any() else None,
        "slice_step_mm": step_mm,
        "slice_gap_mm": _gap_mm(step_mm, facts),
        "in_plane_mm": float(scan.spacing_mm[:2].max()),
    }


def _gap_mm(step_mm: float, facts: dict[str, Any]) -> float | None:
    """Return the distance between slices less their thickness.

    Without a thickness, it is the room of the slices that are missing, if the slice numbers skip some. None where the
    header has neither.
    """
    thickness_mm = facts.get("slice_thickness_mm")
    numbers_per_slice = facts.get("numbers_per_slice")
    if thickness_mm is None:
        return round(step_mm - step_mm / numbers_per_slice, 4) if numbers_per_slice and numbers_per_slice > 1 else None
    return round(step_mm - float(thickness_mm), 4)
