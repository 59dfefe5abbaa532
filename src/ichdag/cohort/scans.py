"""Checks of one scan and its manual mask: readable, in HU, a whole head, a mask on the scan's grid."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ichdag.images import Volume, read_mask, read_scan, same_grid
from ichdag.jobs import DataFault


@dataclass(frozen=True)
class Settings:
    """Limits of the cohort stage; units are in the names, meanings in config/schemas/cohort.schema.json."""

    soft_tissue_hu: tuple[float, float]
    smallest_soft_tissue_fraction: float
    air_hu: float
    bone_hu: float
    smallest_head_ml: float
    largest_spacing_mm: float
    volumes: str
    smallest_lesion_ml: float


def examine(ct: str | None, *, mask: str | None, settings: Settings) -> dict[str, Any]:
    """Check one timepoint; return its record: status, stage, reason, spacing_mm, manual_volume_ml, checks."""
    record: dict[str, Any] = {"status": "excluded", "stage": "cohort", "reason": None, "spacing_mm": None}
    record |= {"manual_volume_ml": None, "checks": {}}
    try:
        if ct is None:
            raise DataFault("cohort", "no scan in the sheet")
        scan = read_scan(ct)
        record["spacing_mm"] = " x ".join(f"{edge:.3g}" for edge in scan.spacing_mm)
        record["checks"] = check_scan(scan, settings=settings)
        if mask is not None:
            record["manual_volume_ml"] = check_mask(read_mask(mask), scan=scan, settings=settings)
    except DataFault as fault:
        return record | {"stage": fault.stage, "reason": fault.reason}
    return record | {"status": "included", "stage": None}


def check_scan(scan: Volume, *, settings: Settings) -> dict[str, float]:
    """Measure what makes a scan a head CT in HU. Raises DataFault naming the first limit that is not met."""
    if not np.isfinite(scan.values).all():
        raise DataFault("cohort", f"{np.count_nonzero(~np.isfinite(scan.values))} voxels are NaN or infinite")
    if scan.spacing_mm.max() > settings.largest_spacing_mm or scan.spacing_mm.min() <= 0:
        raise DataFault(
            "cohort", f"voxel edges {scan.spacing_mm.round(3).tolist()} mm, limit {settings.largest_spacing_mm}"
        )
    low, high = float(scan.values.min()), float(scan.values.max())
    if low == high:
        raise DataFault("cohort", f"empty scan: every voxel is {low:g}")
    if low > settings.air_hu or high < settings.bone_hu:
        limits = f"air below {settings.air_hu:g} and bone above {settings.bone_hu:g}"
        raise DataFault("cohort", f"not in HU: values from {low:g} to {high:g}, expected {limits}")
    tissue = scan.values > settings.air_hu
    head_ml = float(np.count_nonzero(tissue) * scan.voxel_ml)
    if head_ml < settings.smallest_head_ml:
        raise DataFault(
            "cohort", f"only {head_ml:.0f} mL of tissue, a head has more than {settings.smallest_head_ml:g}"
        )
    soft_low, soft_high = settings.soft_tissue_hu
    soft = np.count_nonzero((scan.values >= soft_low) & (scan.values <= soft_high))
    fraction = soft / np.count_nonzero(tissue)
    if fraction < settings.smallest_soft_tissue_fraction:
        raise DataFault(
            "cohort", f"{fraction:.1%} of the tissue is between {soft_low:g} and {soft_high:g} HU: not a head CT"
        )
    return {"lowest_hu": low, "highest_hu": high, "head_ml": head_ml, "soft_tissue_fraction": float(fraction)}


def check_mask(mask: Volume, *, scan: Volume, settings: Settings) -> float:
    """The manual lesion volume in mL. Raises DataFault if the mask is on another grid, empty or below the limit."""
    if not same_grid(mask, scan):
        found = f"{mask.values.shape} voxels of {mask.spacing_mm.round(3).tolist()} mm"
        wanted = f"{scan.values.shape} of {scan.spacing_mm.round(3).tolist()} mm"
        raise DataFault("cohort", f"manual mask is not on the scan's grid: {found}, the scan has {wanted}")
    if not mask.values.any():
        raise DataFault("cohort", "manual mask is empty")
    if mask.volume_ml < settings.smallest_lesion_ml:
        raise DataFault("cohort", f"lesion of {mask.volume_ml:.3f} mL is below {settings.smallest_lesion_ml:g} mL")
    return mask.volume_ml
