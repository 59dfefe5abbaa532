"""Convert the originals of a participant to one kind of file: HU, nearest to RAS, padding as air, no patient data.

All later stages read only these files: `sub-{subject}_{timepoint}_ct.nii.gz` and the manual masks on the same grid. A
scan that cannot be converted gets a status with a reason, and the other scan of the participant is still converted. A
fault of the machine is not a reason to exclude a scan: the job fails.
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
from ichdag.conversion.dicom import DicomSettings, convert_dicom, hours_between, is_dicom, read_segmentation
from ichdag.conversion.hu_range import refuse_impossible_hu
from ichdag.conversion.mask_grid import describe_grid, pad_to_scan, resample_to_scan
from ichdag.conversion.nifti import AIR_HU, read_nifti_scan, read_original_mask
from ichdag.file_errors import MachineFault, find_machine_fault
from ichdag.heads import cover, find_head
from ichdag.images import Volume, grid_difference, same_grid
from ichdag.jobs import DataFault
from ichdag.number_format import format_plain
from ichdag.scan_records import ConversionRecord, ConvertedScan

MAX_CROPPED_FRACTION = 0.5  # of the scan's grid: a NIfTI mask on a larger part of it is that of another scan
MAX_FRACTION_OUTSIDE = 0.1  # ASSUME: of a lesion's voxels; the border of the head is known to a few mm


@dataclass(frozen=True)
class ConversionSettings:
    """What to do with masks on other grids, the smallest and largest lesion (mL), and the DICOM rules.

    `head_hu` is the setting of preprocessing: tissue is above it (HU). See the schemas of conversion, cohort and
    preprocessing.
    """

    masks_on_other_grids: str
    min_lesion_ml: float
    max_lesion_ml: float
    head_hu: float
    dicom: DicomSettings


def convert_participant(
    files: dict[str, str], *, subject: str, row: dict[str, Any], settings: ConversionSettings, workdir: str | Path
) -> tuple[dict[str, Volume], ConversionRecord]:
    """Convert both scans and masks of a participant; temporary files are written to `workdir`.

    `files` are paths by column of the sheet, `row` has the other cells of the sheet: baseline_series, followup_series,
    onset_to_ct_hours, followup_hours. Returns the volumes by column (those that could be converted), and the record,
    with the hours among the facts. Raises MachineFault where the machine is at fault.
    """
    volumes: dict[str, Volume] = {}
    record: dict[str, Any] = {}
    acquisition_times: dict[str, dict[str, datetime] | None] = {}
    for time in TIMEPOINTS:
        originals = {kind: files.get(f"{time}_{kind}") for kind in ("ct", "mask")}
        with _hide_names_in_faults(f"{time} scan"):
            scan, mask, record[time], acquisition_times[time] = _convert_timepoint(
                originals["ct"],
                mask=originals["mask"],
                series=row.get(f"{time}_series"),
                settings=settings,
                workdir=workdir,
            )
        converted = {f"{time}_ct": scan, f"{time}_mask": mask}
        volumes |= {name: volume for name, volume in converted.items() if volume is not None}
        record[time]["absent"] = _absent(originals, scan=scan, mask=mask, reason=record[time]["reason"])
    record["baseline"]["facts"]["onset_to_ct_hours"] = row.get("onset_to_ct_hours")
    stated = row.get("followup_hours")
    hours = hours_between(acquisition_times["baseline"], acquisition_times["followup"]) if stated is None else stated
    record["followup"]["facts"]["followup_hours"] = hours
    reason = _followup_fault(record)
    if reason and record["followup"]["status"] == "included":
        record["followup"] |= {"status": "excluded", "stage": "cohort", "reason": reason}
    baseline, followup = (ConvertedScan(**record[time]) for time in TIMEPOINTS)
    return volumes, ConversionRecord(subject, baseline, followup)


@contextmanager
def _hide_names_in_faults(what: str) -> Iterator[None]:
    """Raise faults of the machine without the names of files and folders: these may hold that of a patient."""
    try:
        yield
    except Exception as error:
        fault = find_machine_fault(error)
        if fault is None:
            raise
        words = [str(fault)] if isinstance(fault, MachineFault) else [type(fault).__name__]
        if not isinstance(fault, MachineFault) and (strerror := getattr(fault, "strerror", None)):
            words.append(strerror)
        raise MachineFault(
            f"the {what} could not be converted: {', '.join(words)}. This machine is at fault and not the scan, so "
            "nobody is left out: run again, and if it fails again look at disk, memory and permissions"
        ) from None


def _absent(
    files: dict[str, str | None], *, scan: Volume | None, mask: Volume | None, reason: str | None
) -> dict[str, str]:
    """Return which of scan (ct) and manual mask are missing, and why."""
    volumes = {"ct": scan, "mask": mask}
    missing = [kind for kind, volume in volumes.items() if volume is None]
    return {kind: reason if files[kind] and reason else "none in the sheet" for kind in missing}


def _convert_timepoint(
    ct: str | None, *, mask: str | None, series: Any, settings: ConversionSettings, workdir: str | Path
) -> tuple[Volume | None, Volume | None, dict[str, Any], dict[str, datetime] | None]:
    """Return scan, manual mask, record, and acquisition times (not in the record: they identify a patient)."""
    record: dict[str, Any] = {"status": "excluded", "stage": "cohort", "reason": None, "kind": None, "spacing_mm": None}
    record |= {"manual_volume_ml": None, "digest": None, "mask_digest": None, "facts": {}, "series": []}
    scan: Volume | None = None
    lesion: Volume | None = None
    acquisition_times: dict[str, datetime] | None = None
    try:
        if ct is None:
            raise DataFault("cohort", "no scan in the sheet")
        record["kind"] = "dicom" if is_dicom(ct) else "nifti"
        if record["kind"] == "dicom":
            chosen = None if series is None else str(series)
            converted = convert_dicom(ct, series=chosen, settings=settings.dicom, workdir=workdir)
            original = converted.volume
            acquisition_times = converted.acquisition_times
            record |= {"facts": converted.facts, "series": converted.series}
        else:
            original, record["facts"] = read_nifti_scan(ct)
        scan = _clip_padding(original, record["facts"])
        record["spacing_mm"] = " x ".join(format_plain(edge, 3) for edge in scan.spacing_mm)
        record["digest"] = _digest(scan)
        if mask is not None:
            lesion = _manual_mask(mask, scan, settings, record["facts"])
            record |= {"manual_volume_ml": lesion.volume_ml, "mask_digest": _digest(lesion)}
    except DataFault as fault:
        return scan, None, record | {"stage": fault.stage, "reason": fault.reason}, acquisition_times
    return scan, lesion, record | {"status": "included", "stage": None}, acquisition_times


def _digest(volume: Volume) -> str:
    """Return a digest (32 hex digits) of the voxels of a scan or mask: the same image has the same digest."""
    digest = hashlib.sha256(repr(volume.values.shape).encode())
    for plane in volume.values:  # plane by plane: the whole would be copied in memory
        digest.update(plane.tobytes())
    return digest.hexdigest()[:32]


def _clip_padding(scan: Volume, facts: dict[str, Any]) -> Volume:
    """Return the scan with values below -1024 HU set to -1024: they are padding around the round field of view.

    The padding is written into `facts`. Raises DataFault if values are not those of a CT.
    """
    refuse_impossible_hu(scan.values)
    below = scan.values < AIR_HU
    if not below.any():
        return scan
    values, counts = np.unique(scan.values[below], return_counts=True)
    facts |= {"padding_hu": float(values[counts.argmax()]), "padding_fraction": round(float(below.mean()), 4)}
    return Volume(np.where(below, np.float32(AIR_HU), scan.values), scan.affine)


def _manual_mask(path: str, scan: Volume, settings: ConversionSettings, facts: dict[str, Any]) -> Volume:
    """Read the manual mask, bool (i, j, k), on the scan's grid.

    Raises DataFault if it is not on the scan's grid, empty, outside the head, or smaller or larger than a lesion.
    """
    mask = read_segmentation(path, scan=scan) if is_dicom(path) else read_original_mask(path)
    may_be_cropped = path.lower().endswith((".nrrd", ".nhdr"))  # programs save a mask as far as the lesion reaches
    if may_be_cropped or mask.values.size <= MAX_CROPPED_FRACTION * scan.values.size:
        mask = pad_to_scan(mask, scan)
    if not mask.values.any():
        raise DataFault("cohort", "manual mask is empty")
    if not same_grid(mask, scan):
        grids = f"{describe_grid(mask)}, the scan has {describe_grid(scan)}: {grid_difference(mask, scan)}"
        if settings.masks_on_other_grids == "exclude":
            raise DataFault("cohort", f"manual mask is not on the scan's grid: {grids}")
        facts["mask_resampled_from"] = f"{describe_grid(mask)}: {grid_difference(mask, scan)}"
        mask = resample_to_scan(mask, scan)
        if not mask.values.any():
            raise DataFault("cohort", f"manual mask does not overlap the scan: its lesion lies elsewhere, {grids}")
    mask = Volume(mask.values, scan.affine)  # the same affine to the last digit
    if mask.values.all():
        raise DataFault("cohort", "the mask has no background: every voxel of the scan is lesion")
    if mask.volume_ml < settings.min_lesion_ml:
        reason = f"lesion of {mask.volume_ml:.3f} mL is below {format_plain(settings.min_lesion_ml)} mL"
        raise DataFault("cohort", reason)
    if mask.volume_ml > settings.max_lesion_ml:
        reason = f"lesion of {mask.volume_ml:.0f} mL is above {format_plain(settings.max_lesion_ml)} mL"
        raise DataFault("cohort", f"{reason}: is the mask inverted, or that of something else?")
    _refuse_outside_head(mask, scan, settings)
    return mask


def _refuse_outside_head(mask: Volume, scan: Volume, settings: ConversionSettings) -> None:
    """Raise DataFault if the lesion does not lie within the head. Scans without a head fail the quality checks."""
    head = find_head(scan, head_hu=settings.head_hu)
    if not head.inside.any():
        return
    outside = np.count_nonzero(mask.values & ~cover(head, mask.values.shape)) / np.count_nonzero(mask.values)
    if outside > MAX_FRACTION_OUTSIDE:
        raise DataFault("cohort", f"manual mask lies outside the head: {100 * outside:.0f} % of it")


def _followup_fault(record: dict[str, Any]) -> str | None:
    """Return what is wrong with the follow-up compared with the baseline, or None."""
    hours = record["followup"]["facts"]["followup_hours"]
    if record["followup"]["digest"] is not None and record["followup"]["digest"] == record["baseline"]["digest"]:
        return "the follow-up is the same image as the baseline: name the right file in the sheet"
    if hours is not None and hours < 0:
        return f"the follow-up was acquired before the baseline: {-hours:.1f} h earlier; are they swapped?"
    return None
