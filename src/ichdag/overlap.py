"""Overlap of two masks: the Dice similarity coefficient (Dice, Ecology 1945)."""

import numpy as np


def dice_coefficient(mask: np.ndarray, *, manual: np.ndarray, empty: float = float("nan")) -> float:
    """Return the Dice coefficient (0 to 1) of two bool masks of the same shape; `empty` if neither has a voxel."""
    total = int(np.count_nonzero(mask)) + int(np.count_nonzero(manual))
    return dice_of_volumes(int(np.count_nonzero(mask & manual)), total=total, empty=empty)


def dice_of_volumes(overlap: float, *, total: float, empty: float = float("nan")) -> float:
    """Return the Dice coefficient of two masks from their overlap and the sum of their volumes, both in one unit.

    It is `empty` if the sum is 0.
    """
    return float(2 * overlap / total) if total else empty
