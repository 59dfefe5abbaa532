"""Write the masks of one participant on the native grids of the scans, with volumes, scores and inclusion status."""

from typing import Any

import numpy as np

from ichdag.arrays import file_digest, read_arrays, read_item
from ichdag.constants import TIMEPOINTS, VARIANTS
from ichdag.file_errors import DamagedResult
from ichdag.images import Volume, read_expected, read_mask, write_absent, write_image
from ichdag.jobs import StudyError
from ichdag.number_format import format_plain
from ichdag.scan_records import CheckedScan, ScanRecord
from ichdag.segmentation.fold_assignment import assigned_network
from ichdag.segmentation.native_grid import MaskSettings, native_mask
from ichdag.segmentation.scores import score_mask


def write_native_masks(
    subject: str,
    *,
    files: dict[str, str],
    masks_to: dict[str, str],
    scans: ScanRecord,
    networks: dict[str, Any],
    settings: MaskSettings,
    min_lesion_ml: float,
    source: str,
) -> dict[str, Any]:
    """Write both masks of a participant and return its record: status, volumes, and scores of both networks.

    `files` has grids, probabilities and the manual masks. In the record, `absent` has the timepoints without a mask,
    each with the reason, and `variants` the baseline scores of each network against the manual mask. Raises
    DamagedResult if a file lacks something that `scans`, the record of the scans, says is there.
    """
    _check_probabilities_match_grids(subject, files)
    grids = read_arrays(files["grids"])
    masks: dict[tuple[str, str], Volume] = {}
    absent = {}
    for timepoint in TIMEPOINTS:
        if scans.scans[timepoint].status != "included":
            absent[timepoint] = f"no usable {timepoint} scan"
            write_absent(masks_to[timepoint])
            continue
        scan_grids = {name: grids[f"{timepoint}_{name}"] for name in ("affine", "native_affine", "native_shape")}
        for variant in VARIANTS if timepoint == "baseline" else ("dual",):
            probability = _read_probability(files["probabilities"], f"{subject}/{timepoint}/{variant}")
            masks[timepoint, variant] = native_mask(probability, grids=scan_grids, settings=settings)
        write_image(masks[timepoint, "dual"], masks_to[timepoint])
    manual = None if "baseline" in absent else _read_manual_mask(files["baseline_mask"], scans.baseline)
    predicted = {timepoint: _volume_ml(masks.get((timepoint, "dual"))) for timepoint in TIMEPOINTS}
    record: dict[str, Any] = {"subject": subject, "fold": assigned_network(subject, networks["folds"])}
    record |= {f"{timepoint}_predicted_ml": volume for timepoint, volume in predicted.items()} | {"absent": absent}
    record |= _inclusion(predicted["baseline"] if source == "predicted" else _volume_ml(manual), min_lesion_ml, source)
    baseline = {variant: masks[key] for variant in VARIANTS if (key := ("baseline", variant)) in masks}
    return record | {"variants": {variant: score_mask(mask, manual=manual) for variant, mask in baseline.items()}}


def _check_probabilities_match_grids(subject: str, files: dict[str, str]) -> None:
    """Raise StudyError if the probabilities of a participant were computed from other grids."""
    stored = read_item(files["probabilities"], f"{subject}/grids")
    if stored is None or not np.array_equal(stored, file_digest(files["grids"])):
        raise StudyError(
            f"sub-{subject}: the probabilities in {files['probabilities']} are not those of {files['grids']}. Delete "
            "the former and run again: it will be made anew"
        )


def _read_manual_mask(path: str, scan: CheckedScan) -> Volume | None:
    """Read the manual mask of a scan, if its record says that there is one."""
    return read_expected(path, present="mask" not in scan.absent, read=read_mask)


def _read_probability(path: str, name: str) -> np.ndarray:
    probability = read_item(path, name)
    if probability is None:
        raise DamagedResult(path, f"it lacks {name}")
    return probability


def _volume_ml(mask: Volume | None) -> float | None:
    return None if mask is None else mask.volume_ml


def _inclusion(volume_ml: float | None, min_ml: float, source: str) -> dict[str, Any]:
    """Return status, stage and reason: a participant is included if there is a lesion to compute features in."""
    reason = None
    if volume_ml is None:
        reason = "no usable baseline scan" if source == "predicted" else "no usable manual mask of the baseline scan"
    elif volume_ml == 0:
        reason = f"no hematoma in the {source} baseline mask"
    elif volume_ml < min_ml:
        reason = f"hematoma below {format_plain(min_ml)} mL in the {source} baseline mask"
    if reason:
        return {"status": "excluded", "stage": "segmentation", "reason": reason}
    return {"status": "included", "stage": None, "reason": None}
