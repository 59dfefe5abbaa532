"""Is the scan in Hounsfield units: scalings that are known to be used are recognized by name."""

import numpy as np
from scipy import ndimage

from ichdag.heads import Head
from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.number_format import format_plain

AIR_HU, SMALLEST_ML = -500, 50
ERODED_MM = 15
BRIGHTEST_BRAIN_HU = 60
LARGEST_SHARE_STORED = 0.12  # of bright voxels: bone of HU near 1000 is a tenth of a head at most
NEGATIVE_HU = 200  # noise of air in a scaling that starts at zero stays above this


def refuse_other_units(scan: Volume) -> None:
    """Raise DataFault if the voxels are not HU, naming the scaling that they look like."""
    values = scan.values
    low, high = float(values.min()), float(values.max())
    if low == high:
        raise DataFault("cohort", f"empty scan: every voxel is {format_plain(low)}")
    if high > 1 and _has_air_of_zero(values):
        found = f"the air around the head was set to 0 (values from {format_plain(low)} to {format_plain(high)})"
        raise DataFault("cohort", f"{found}: the head is in HU, give the scan with its air, near -1000")
    if low > AIR_HU or high < 300:
        looks = _looks_like(values, low, high)
        raise DataFault(
            "cohort",
            f"not in HU: values from {format_plain(low)} to {format_plain(high)}{looks}; air should be near -1000",
        )


def _has_air_of_zero(values: np.ndarray) -> bool:
    """Whether the rim of the slices is 0, and what is brighter reads as tissue does in HU.

    In pictures brain is brighter than 70; stored values have tissue near 1054.
    """
    rim = np.concatenate([values[[0, -1]].ravel(), values[:, [0, -1]].ravel()])
    if np.count_nonzero(rim == 0) <= rim.size / 2:
        return False
    sample = values.ravel()[:: int(values.size // 2_000_000) + 1]
    tissue = sample[sample > 5]  # not the noise of air
    if not tissue.size or np.mean((tissue > 950) & (tissue < 1150)) > LARGEST_SHARE_STORED:
        return False
    counts, edges = np.histogram(tissue, bins=300, range=(0, 3000))
    return bool(edges[counts.argmax()] < BRIGHTEST_BRAIN_HU)


def _looks_like(values: np.ndarray, low: float, high: float) -> str:
    """The scaling, where it is a known one."""
    if low >= 0 and high <= 1:
        return ", scaled to 0-1"
    if low >= 0 and high <= 255:
        return ", scaled to 0-255 (a windowed picture)"
    if low > -NEGATIVE_HU:
        step = int(values.size // 2_000_000) + 1
        sample = values.ravel()[::step]
        peaks = {"Cormack units": (2330, 450), "stored values without the intercept -1024": (1054, 40)}
        tissue = sample[(sample > 500) & (sample < 3000)]
        if tissue.size:
            counts, edges = np.histogram(tissue, bins=125, range=(500, 3000))
            peak = float(edges[counts.argmax()] + 10)
            for name, (middle, reach) in peaks.items():
                if abs(peak - middle) <= reach:
                    return f", most tissue near {peak:.0f}: looks like {name}"
    return ""


def measure_intensity(head: Head, brain: np.ndarray) -> dict[str, float | None]:
    """air_hu, the median of what is below -500 HU outside the head; brain_hu, the median of the brain (10-100 HU)."""
    outside = head.values[~head.inside]
    air = outside[outside < AIR_HU] if np.median(outside) < AIR_HU else outside
    return {
        "air_hu": float(np.median(air)) if air.size * head.voxel_ml > SMALLEST_ML else None,
        "brain_hu": float(np.median(head.values[brain])) if brain.any() else None,
        "head_ml": float(head.inside.sum() * head.voxel_ml),
    }


def brain_voxels(head: Head) -> np.ndarray:
    """Voxels of 10-100 HU (brain, blood; not fluid) that the skull encloses; where it encloses none, deep ones."""
    tissue = (head.values > 10) & (head.values < 100)
    if head.enclosed.sum() * head.voxel_ml > SMALLEST_ML:
        return tissue & head.enclosed
    depth = ndimage.distance_transform_edt(head.inside, sampling=head.spacing_mm)
    return tissue & (depth > ERODED_MM)
