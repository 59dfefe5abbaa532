"""Conversion: a participant's originals as one kind of file: HU, nearest to RAS, padding as air, no header.

What comes after reads only what is written here: `sub-{subject}_{timepoint}_ct.nii.gz` and the manual masks on the same
grid. A scan that cannot be converted is a status with a reason; the other one of the participant goes on. A fault of
the machine is no reason: the job fails.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from ichdag.constants import TIMEPOINTS
from ichdag.conversion.affines import grid_words, on_grid_of, put_back
from ichdag.conversion.dicom import DicomSettings, convert_dicom, hours_between, is_dicom, read_segmentation
from ichdag.conversion.hu_range import refuse_other_values
from ichdag.conversion.nifti import AIR_HU, read_nifti_scan, read_original_mask
from ichdag.file_errors import MachineFault, find_machine_fault
from ichdag.heads import cover, find_head
from ichdag.images import Volume, grid_difference, same_grid
from ichdag.jobs import DataFault
from ichdag.number_format import format_plain

LARGEST_PART = 0.5  # of a scan's grid: a mask of more that is not whole, as NIfTI, is that of another scan
LARGEST_SHARE_OUTSIDE = 0.1  # ASSUME: of a lesion's voxels, that the head, known to a few mm, may not cover


@dataclass(frozen=True)
class ConversionSettings:
    """What to do with masks on other grids, the smallest and largest lesion (mL), and the DICOM rules.

    `head_hu` is that of the preprocessing: tissue is above. See the schemas of cohort and preprocessing.
    """

    masks_on_other_grids: str
    smallest_lesion_ml: float
    largest_lesion_ml: float
    head_hu: float
    dicom: DicomSettings


def convert_participant(
    files: dict[str, str], *, row: dict[str, Any], settings: ConversionSettings, workdir: str | Path
) -> tuple[dict[str, Volume], dict[str, Any]]:
    """Convert both scans and masks of a participant; what is unpacked on the way lies in `workdir`.

    `files` are paths by column of the sheet, `row` has what else the sheet says: baseline_series, followup_series,
    onset_to_ct_hours, followup_hours. Returns the volumes by column (those that could be had), and a record: for each
    timepoint status, stage, reason, absent (ct and mask, as far as they could not be had, each with the reason), kind,
    spacing_mm, manual_volume_ml, digest, mask_digest, facts, series; and the hours. Raises MachineFault where the
    machine is at fault.
    """
    volumes: dict[str, Volume] = {}
    record: dict[str, Any] = {}
    acquired: dict[str, dict[str, datetime] | None] = {}
    for time in TIMEPOINTS:
        own = {kind: files.get(f"{time}_{kind}") for kind in ("ct", "mask")}
        with _unnamed_faults(f"{time} scan"):
            how = {"series": row.get(f"{time}_series"), "settings": settings, "workdir": workdir}
            scan, mask, record[time], acquired[time] = _convert(**own, **how)
        found = {f"{time}_ct": scan, f"{time}_mask": mask}
        volumes |= {name: volume for name, volume in found.items() if volume is not None}
        record[time]["absent"] = _absent(own, scan=scan, mask=mask, reason=record[time]["reason"])
    record["baseline"]["facts"]["onset_to_ct_hours"] = row.get("onset_to_ct_hours")
    stated = row.get("followup_hours")
    hours = hours_between(acquired["baseline"], acquired["followup"]) if stated is None else stated
    record["followup"]["facts"]["followup_hours"] = hours
    fault = _followup_fault(record)
    if fault and record["followup"]["status"] == "included":
        record["followup"] |= {"status": "excluded", "stage": "cohort", "reason": fault}
    return volumes, record


@contextmanager
def _unnamed_faults(what: str) -> Iterator[None]:
    """Raise faults of the machine without the names of originals and folders, which may hold a patient's."""
    try:
        yield
    except Exception as error:
        fault = find_machine_fault(error)
        if fault is None:
            raise
        words = [type(fault).__name__, getattr(fault, "strerror", None)]
        words = [str(fault)] if isinstance(fault, MachineFault) else [word for word in words if word]
        raise MachineFault(
            f"the {what} could not be converted: {', '.join(words)}. This machine is at fault and not the scan, so "
            "nobody is left out: run again, and if it fails again look at disk, memory and permissions"
        ) from None


def _absent(
    files: dict[str, str | None], *, scan: Volume | None, mask: Volume | None, reason: str | None
) -> dict[str, str | None]:
    """Which of scan (ct) and manual mask could not be had, and why."""
    found = {"ct": scan, "mask": mask}
    return {kind: reason if files[kind] else "none in the sheet" for kind, volume in found.items() if volume is None}


def _convert(
    *, ct: str | None, mask: str | None, series: Any, settings: ConversionSettings, workdir: str | Path
) -> tuple[Volume | None, Volume | None, dict[str, Any], dict[str, datetime] | None]:
    """One timepoint: scan, manual mask, record, and when it was acquired (kept out of the record)."""
    record: dict[str, Any] = {"status": "excluded", "stage": "cohort", "reason": None, "kind": None, "spacing_mm": None}
    record |= {"manual_volume_ml": None, "digest": None, "mask_digest": None, "facts": {}, "series": []}
    scan, lesion, acquired = None, None, None
    try:
        if ct is None:
            raise DataFault("cohort", "no scan in the sheet")
        record["kind"] = "dicom" if is_dicom(ct) else "nifti"
        if record["kind"] == "dicom":
            chosen = None if series is None else str(series)
            found = convert_dicom(ct, series=chosen, settings=settings.dicom, workdir=workdir)
            original, acquired = found.volume, found.acquired
            record |= {"facts": found.facts, "series": found.series}
        else:
            original, record["facts"] = read_nifti_scan(ct)
        scan = _padded_as_air(original, record["facts"])
        record["spacing_mm"] = " x ".join(format_plain(edge, 3) for edge in scan.spacing_mm)
        record["digest"] = _digest(scan)
        if mask is not None:
            lesion = _manual_mask(mask, scan, settings, record["facts"])
            record |= {"manual_volume_ml": lesion.volume_ml, "mask_digest": _digest(lesion)}
    except DataFault as fault:
        return scan, None, record | {"stage": fault.stage, "reason": fault.reason}, acquired
    return scan, lesion, record | {"status": "included", "stage": None}, acquired


def _digest(volume: Volume) -> str:
    """Digest of the voxels of a scan or mask, the same for the same image."""
    digest = hashlib.sha256(repr(volume.values.shape).encode())
    for plane in volume.values:  # all at once, they would be copied
        digest.update(plane.tobytes())
    return digest.hexdigest()[:32]


def _padded_as_air(scan: Volume, facts: dict[str, Any]) -> Volume:
    """The scan with everything below -1024 HU set to it: padding around the round field of view is no tissue.

    Raises DataFault where values are those of no CT.
    """
    refuse_other_values(scan.values)
    below = scan.values < AIR_HU
    if not below.any():
        return scan
    values, counts = np.unique(scan.values[below], return_counts=True)
    facts |= {"padding_hu": float(values[counts.argmax()]), "padding_fraction": round(float(below.mean()), 4)}
    return Volume(np.where(below, np.float32(AIR_HU), scan.values), scan.affine)


def _manual_mask(path: str, scan: Volume, settings: ConversionSettings, facts: dict[str, Any]) -> Volume:
    """The manual mask on the scan's grid.

    Raises DataFault if it is elsewhere, empty, outside the head, or smaller or larger than a lesion.
    """
    mask = read_segmentation(path, scan=scan) if is_dicom(path) else read_original_mask(path)
    is_nrrd = path.lower().endswith((".nrrd", ".nhdr"))
    if is_nrrd or mask.values.size <= LARGEST_PART * scan.values.size:  # it may be saved as far as the lesion reaches
        mask = put_back(mask, scan)
    if not mask.values.any():
        raise DataFault("cohort", "manual mask is empty")
    if not same_grid(mask, scan):
        found = f"{grid_words(mask)}, the scan has {grid_words(scan)}: {grid_difference(mask, scan)}"
        if settings.masks_on_other_grids == "exclude":
            raise DataFault("cohort", f"manual mask is not on the scan's grid: {found}")
        facts["mask_resampled_from"] = f"{grid_words(mask)}: {grid_difference(mask, scan)}"
        mask = on_grid_of(mask, scan)
        if not mask.values.any():
            raise DataFault("cohort", f"manual mask does not overlap the scan: its lesion lies elsewhere, {found}")
    mask = Volume(mask.values, scan.affine)  # to the last digit
    if mask.values.all():
        raise DataFault("cohort", "the mask has no background: every voxel of the scan is lesion")
    if mask.volume_ml < settings.smallest_lesion_ml:
        found = f"lesion of {mask.volume_ml:.3f} mL is below {format_plain(settings.smallest_lesion_ml)} mL"
        raise DataFault("cohort", found)
    if mask.volume_ml > settings.largest_lesion_ml:
        found = f"lesion of {mask.volume_ml:.0f} mL is above {format_plain(settings.largest_lesion_ml)} mL"
        raise DataFault("cohort", f"{found}: is the mask inverted, or that of something else?")
    _refuse_outside_head(mask, scan, settings)
    return mask


def _refuse_outside_head(mask: Volume, scan: Volume, settings: ConversionSettings) -> None:
    """Raise DataFault if the lesion does not lie within the head. A scan without a head is refused by its quality."""
    head = find_head(scan, head_hu=settings.head_hu)
    if not head.inside.any():
        return
    outside = np.count_nonzero(mask.values & ~cover(head, mask.values.shape)) / np.count_nonzero(mask.values)
    if outside > LARGEST_SHARE_OUTSIDE:
        raise DataFault("cohort", f"manual mask lies outside the head: {100 * outside:.0f} % of it")


def _followup_fault(record: dict[str, Any]) -> str | None:
    """What is wrong with the follow-up, seen beside the baseline."""
    hours = record["followup"]["facts"]["followup_hours"]
    if record["followup"]["digest"] is not None and record["followup"]["digest"] == record["baseline"]["digest"]:
        return "the follow-up is the same image as the baseline: name the right file in the sheet"
    if hours is not None and hours < 0:
        return f"the follow-up was acquired before the baseline: {-hours:.1f} h earlier; are they swapped?"
    return None
