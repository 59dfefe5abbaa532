"""Score a mask against the manual mask: Dice, surface distances, volumes, missed and false lesions."""

import numpy as np
from scipy import ndimage

from ichdag.grids import bounding_box
from ichdag.images import Volume, grid_difference, same_grid
from ichdag.jobs import DataFault
from ichdag.overlap import dice_coefficient

# ASSUME: lesions below 1 mL, from 1 to 10 mL and above 10 mL are counted separately; there is no agreed standard.
SIZES_ML = {"below_1ml": (0, 1), "1_to_10ml": (1, 10), "above_10ml": (10, np.inf)}


def dice(mask: Volume, *, manual: Volume) -> float:
    """Return the Dice coefficient of two masks on the same grid (0 to 1). Raises DataFault on different grids."""
    if not same_grid(mask, manual):
        raise DataFault("segmentation", f"the manual mask is not on the scan's grid: {grid_difference(manual, mask)}")
    return dice_coefficient(mask.values, manual=manual.values)


def surface_distances_mm(mask: Volume, *, manual: Volume) -> tuple[float, float]:
    """Return 95th percentile and mean of the distances (mm) between the surface voxels of both masks.

    The percentile is the larger of both directions, as in MONAI's HausdorffDistanceMetric(percentile=95); the mean is
    over the surface voxels of both, as in its SurfaceDistanceMetric(symmetric=True). NaN if one of the masks is empty.
    """
    if not mask.values.any() or not manual.values.any():
        return float("nan"), float("nan")
    union = bounding_box(mask.values | manual.values)
    padded = [np.pad(volume.values[union], 1) for volume in (mask, manual)]
    surfaces = [mask & ~ndimage.binary_erosion(mask) for mask in padded]
    distance_maps = [ndimage.distance_transform_edt(~surface, sampling=mask.spacing_mm) for surface in surfaces]
    distances = [distance_maps[1][surfaces[0]], distance_maps[0][surfaces[1]]]
    hd95 = max(np.percentile(direction, 95) for direction in distances)
    return float(hd95), float(np.concatenate(distances).mean())


def hd95_mm(mask: Volume, *, manual: Volume) -> float:
    """Return the 95th percentile of the distances (mm) between surface voxels, the larger of both directions."""
    return surface_distances_mm(mask, manual=manual)[0]


def lesion_counts(mask: Volume, *, manual: Volume) -> dict[str, int]:
    """Count lesions of the manual mask, missed lesions among them, and false lesions of the predicted mask, by size.

    A lesion is a 26-connected component; it is missed, or false, if it shares no voxel with the other mask.
    """
    counts = {f"{kind}_{size}": 0 for kind in ("lesions", "missed", "false") for size in SIZES_ML}
    for volume, other, total_name, unmatched_name in (
        (manual, mask, "lesions", "missed"),
        (mask, manual, None, "false"),
    ):
        labels, number = ndimage.label(volume.values, structure=np.ones((3, 3, 3)))
        sizes = np.bincount(labels.ravel(), minlength=number + 1)[1:] * volume.voxel_ml
        matched = set(np.unique(labels[other.values]).tolist())
        for label, size_ml in enumerate(sizes, 1):
            size = next(name for name, (low, high) in SIZES_ML.items() if low <= size_ml < high)
            counts[f"{unmatched_name}_{size}"] += label not in matched
            if total_name:
                counts[f"{total_name}_{size}"] += 1
    return counts


def score_mask(mask: Volume, *, manual: Volume | None) -> dict[str, float | None]:
    """Return Dice, surface distances (mm), both volumes (mL), and counts of all, missed and false lesions by size.

    Without a manual mask, only the predicted volume is known.
    """
    scores: dict[str, float | None] = dict.fromkeys(("dice", "hd95_mm", "surface_mm", "manual_ml"))
    scores["predicted_ml"] = mask.volume_ml
    if manual is not None:
        scores["dice"] = dice(mask, manual=manual)
        scores["hd95_mm"], scores["surface_mm"] = surface_distances_mm(mask, manual=manual)
        scores["manual_ml"] = manual.volume_ml
        scores |= lesion_counts(mask, manual=manual)
    return scores
