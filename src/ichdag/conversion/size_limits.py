"""How large an original may be: checked from its header, before memory is taken for its voxels."""

from typing import Any

import numpy as np

from ichdag.jobs import DataFault
from ichdag.number_format import format_plain

MAX_VOXELS = 200_000_000  # of an original: 762 slices of 512 x 512
MAX_PLANE_VOXELS = 2048**2  # voxels of a slice


def refuse_size(shape: Any, what: str) -> None:
    """Raise DataFault for more voxels than a head CT has. `what` names the image in the reason."""
    count = float(np.prod(shape, dtype=float))
    if not abs(count) <= MAX_VOXELS:
        raise DataFault(
            "cohort", f"{what} is too large: {format_plain(count, 3)} voxels, limit {format_plain(MAX_VOXELS, 3)}"
        )


def refuse_plane(shape: tuple[int, ...], what: str) -> None:
    """Raise DataFault for a slice of more voxels than a detector has: it is read as a whole, in 8 bytes a voxel."""
    if shape[0] * shape[1] > MAX_PLANE_VOXELS:
        raise DataFault("cohort", f"{what} is too large: slices of {shape[0]} x {shape[1]} voxels, limit 2048 x 2048")
