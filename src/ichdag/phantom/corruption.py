"""Corrupt the data of some participants on purpose, for the cohort stage to detect."""

import os
from pathlib import Path

import numpy as np

from ichdag.images import Volume

# Faults in turn: those at even indices go to development participants, those at odd indices to external ones, if any.
FAULTS = (
    "empty_scan",
    "wrong_units",
    "no_followup",
    "mask_off_grid",
    "truncated_file",
    "no_mrs",
    "empty_mask",
    "no_baseline_mask",
)


def corrupt_volumes(scan: Volume, mask: Volume, *, fault: str | None) -> tuple[Volume, Volume]:
    """Return the baseline scan and mask with a fault of their voxels, if it is one."""
    if fault == "empty_scan":
        return Volume(np.zeros_like(scan.values), scan.affine), mask
    if fault == "wrong_units":
        return Volume(np.interp(scan.values, (-1000, 1000), (0, 255)).astype(np.float32), scan.affine), mask
    if fault == "mask_off_grid":
        return scan, Volume(mask.values[:, :, 1:], mask.affine)
    if fault == "empty_mask":
        return scan, Volume(np.zeros_like(mask.values), mask.affine)
    return scan, mask


def truncate_file(path: str | Path, *, fault: str | None) -> None:
    """Truncate a written file to its first half, as a broken transfer does, if that is the fault."""
    if fault == "truncated_file":
        os.truncate(path, Path(path).stat().st_size // 2)
