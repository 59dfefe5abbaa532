"""Check that the scan is in Hounsfield units; other scalings that are in use are recognized and named."""

import numpy as np
from scipy import ndimage

from ichdag.heads import Head
from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.number_format import format_plain

AIR_HU = -500
MIN_ML = 50
ERODED_MM = 15
BRIGHTEST_BRAIN_HU = 60
MAX_STORED_FRACTION = 0.12  # of bright voxels: bone of HU near 1000 is a tenth of a head at most
NEGATIVE_HU = 200  # noise of air in a scaling that starts at zero stays above this


def refuse_other_units(scan: Volume) -> None:
    """Raise DataFault if the voxels are not HU, naming the scaling that they look like."""
    values = scan.values
    low = float(values.min())
    high = float(values.max())
    if low == high:
        raise DataFault("cohort", f"empty scan: every voxel is {format_plain(low)}")
    if high > 1 and _has_air_set_to_zero(values):
        finding = f"the air around the head was set to 0 (values from {format_plain(low)} to {format_plain(high)})"
        raise DataFault("cohort", f"{finding}: the head is in HU, give the scan with its air, near -1000")
    if low > AIR_HU or high < 300:
        scaling = _known_scaling(values, low, high)
        raise DataFault(
            "cohort",
            f"not in HU: values from {format_plain(low)} to {format_plain(high)}{scaling}; air should be near -1000",
        )


def _has_air_set_to_zero(values: np.ndarray) -> bool:
    """Tell whether the rim of the slices is 0 while brighter voxels are in HU.

    In windowed pictures, brain is brighter than 70; in stored values without rescaling, tissue is near 1054.
    """
    rim = np.concatenate([values[[0, -1]].ravel(), values[:, [0, -1]].ravel()])
    if np.count_nonzero(rim == 0) <= rim.size / 2:
        return False
    sample = values.ravel()[:: int(values.size // 2_000_000) + 1]
    tissue = sample[sample > 5]  # not the noise of air
    if not tissue.size or np.mean((tissue > 950) & (tissue < 1150)) > MAX_STORED_FRACTION:
        return False
    counts, edges = np.histogram(tissue, bins=300, range=(0, 3000))
    return bool(edges[counts.argmax()] < BRIGHTEST_BRAIN_HU)


def _known_scaling(values: np.ndarray, low: float, high: float) -> str:
    """Name the scaling for the message, if it is a known one; else an empty text."""
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
    """Measure air_hu (median below -500 HU outside the head), brain_hu (median of the brain, 10-100 HU), head_ml."""
    outside = head.values[~head.inside]
    air = outside[outside < AIR_HU] if np.median(outside) < AIR_HU else outside
    return {
        "air_hu": float(np.median(air)) if air.size * head.voxel_ml > MIN_ML else None,
        "brain_hu": float(np.median(head.values[brain])) if brain.any() else None,
        "head_ml": float(head.inside.sum() * head.voxel_ml),
    }


def brain_voxels(head: Head) -> np.ndarray:
    """Return voxels of 10-100 HU (brain and blood, not fluid) within the skull; without a closed skull, deep ones."""
    tissue = (head.values > 10) & (head.values < 100)
    if head.enclosed.sum() * head.voxel_ml > MIN_ML:
        return tissue & head.enclosed
    depth = ndimage.distance_transform_edt(head.inside, sampling=head.spacing_mm)
    return tissue & (depth > ERODED_MM)
