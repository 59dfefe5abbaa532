"""How well a mask agrees with the manual one."""

import numpy as np
from scipy import ndimage

from ichdag.images import Volume, same_grid
from ichdag.jobs import DataFault


def dice(mask: Volume, *, manual: Volume) -> float:
    """Dice similarity coefficient of two masks on the same grid (0 to 1). Raises DataFault on different grids."""
    if not same_grid(mask, manual):
        raise DataFault(
            "segmentation", f"manual mask {manual.values.shape} is not on the scan's grid {mask.values.shape}"
        )
    total = np.count_nonzero(mask.values) + np.count_nonzero(manual.values)
    return float(2 * np.count_nonzero(mask.values & manual.values) / total) if total else float("nan")


def hd95_mm(mask: Volume, *, manual: Volume) -> float:
    """95th percentile of the distances (mm) between the masks' surface voxels, the larger of both directions.

    As in MONAI's HausdorffDistanceMetric(percentile=95). NaN if one of the masks is empty.
    """
    if not mask.values.any() or not manual.values.any():
        return float("nan")
    union = ndimage.find_objects((mask.values | manual.values).astype(np.uint8))[0]
    surfaces = [np.pad(volume.values[union], 1) for volume in (mask, manual)]
    surfaces = [solid & ~ndimage.binary_erosion(solid) for solid in surfaces]
    spacing = mask.spacing_mm
    reach = [ndimage.distance_transform_edt(~surface, sampling=spacing) for surface in surfaces]
    return float(max(np.percentile(reach[1][surfaces[0]], 95), np.percentile(reach[0][surfaces[1]], 95)))


def agreement(mask: Volume, *, manual: Volume | None) -> dict[str, float | None]:
    """Dice, HD95 (mm) and both volumes (mL); only the predicted volume where there is no manual mask."""
    scores: dict[str, float | None] = {"dice": None, "hd95_mm": None, "manual_ml": None, "predicted_ml": mask.volume_ml}
    if manual is not None:
        scores |= {
            "dice": dice(mask, manual=manual),
            "hd95_mm": hd95_mm(mask, manual=manual),
            "manual_ml": manual.volume_ml,
        }
    return scores
