"""Values that a CT can have."""

import numpy as np

from ichdag.jobs import DataFault
from ichdag.number_format import format_plain

# ASSUME: no CT has values beyond 16 bits with an intercept of -1024; extended scales end at 30,710 HU.
MIN_HU = -33_792
MAX_HU = 32_767


def refuse_impossible_hu(values: np.ndarray) -> None:
    """Raise DataFault where values (HU) are not those of a CT: not finite, out of range, or all the same."""
    low = float(values.min())
    high = float(values.max())
    if not np.isfinite([low, high]).all():
        raise DataFault("cohort", f"{np.count_nonzero(~np.isfinite(values))} voxels are NaN or infinite")
    if low < MIN_HU or high > MAX_HU:
        limits = f"{MIN_HU:,} to {MAX_HU:,} HU"
        raise DataFault(
            "cohort", f"values from {format_plain(low, 6)} to {format_plain(high, 6)}: no CT has values beyond {limits}"
        )
    if low == high:
        raise DataFault("cohort", f"empty scan: every voxel is {format_plain(low)}")
