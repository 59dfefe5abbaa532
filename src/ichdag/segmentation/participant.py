"""One participant's masks on the scans' own grids: volumes, scores, and whether there is a lesion to go on with."""

from typing import Any

import numpy as np

from ichdag.arrays import file_digest, read_arrays, read_item
from ichdag.faults import DamagedResult
from ichdag.images import Volume, read_expected, read_mask, write_absent, write_image
from ichdag.jobs import StudyError
from ichdag.names import TIMEPOINTS, VARIANTS
from ichdag.numerals import numeral
from ichdag.segmentation.choice import network_of
from ichdag.segmentation.restoration import RestorationSettings, restore_mask
from ichdag.segmentation.scores import agreement


def restore_participant(
    subject: str,
    *,
    files: dict[str, str],
    masks_to: dict[str, str],
    scans: dict[str, Any],
    networks: dict[str, Any],
    settings: RestorationSettings,
    smallest_lesion_ml: float,
    source: str,
) -> dict[str, Any]:
    """Write both masks of a participant and return its record: status, volumes, and scores of both networks.

    `files` has grids, probabilities and the manual masks. The record's `absent` names the timepoints that have no mask,
    each with the reason; its `variants` are the baseline scores of each network against the manual mask. Raises
    DamagedResult where a file lacks what `scans`, the record of the scans, says is there.
    """
    _refuse_probabilities_of_other_grids(subject, files)
    grids = read_arrays(files["grids"])
    masks: dict[tuple[str, str], Volume] = {}
    absent = {}
    for timepoint in TIMEPOINTS:
        if scans[timepoint]["status"] != "included":
            absent[timepoint] = f"no usable {timepoint} scan"
            write_absent(masks_to[timepoint])
            continue
        for variant in VARIANTS if timepoint == "baseline" else ("dual",):
            probability = _probability(files["probabilities"], f"{subject}/{timepoint}/{variant}")
            masks[timepoint, variant] = _native(probability, grids, timepoint, settings)
        write_image(masks[timepoint, "dual"], masks_to[timepoint])
    manual = None if "baseline" in absent else _manual(files["baseline_mask"], scans["baseline"])
    predicted = {timepoint: _volume_ml(masks.get((timepoint, "dual"))) for timepoint in TIMEPOINTS}
    record = {"subject": subject, "fold": network_of(subject, networks["folds"])}
    record |= {f"{timepoint}_predicted_ml": volume for timepoint, volume in predicted.items()} | {"absent": absent}
    record |= _status(
        predicted["baseline"] if source == "predicted" else _volume_ml(manual), smallest_lesion_ml, source
    )
    pairs = {variant: masks[key] for variant in VARIANTS if (key := ("baseline", variant)) in masks}
    return record | {"variants": {variant: agreement(mask, manual=manual) for variant, mask in pairs.items()}}


def _refuse_probabilities_of_other_grids(subject: str, files: dict[str, str]) -> None:
    """Raise StudyError if the probabilities of a participant were not computed from the grids that there are."""
    stored = read_item(files["probabilities"], f"{subject}/grids")
    if stored is None or not np.array_equal(stored, file_digest(files["grids"])):
        raise StudyError(
            f"sub-{subject}: the probabilities in {files['probabilities']} are not those of {files['grids']}. Delete "
            "the former and run again: it will be made anew"
        )


def _manual(path: str, scan: dict[str, Any]) -> Volume | None:
    """The manual mask of a scan, if its record says that there is one."""
    return read_expected(path, there="mask" not in scan["absent"], read=read_mask)


def _probability(path: str, name: str) -> np.ndarray:
    found = read_item(path, name)
    if found is None:
        raise DamagedResult(path, f"it lacks {name}")
    return found


def _native(
    probability: np.ndarray, grids: dict[str, np.ndarray], timepoint: str, settings: RestorationSettings
) -> Volume:
    """The mask on the native grid, from stored probabilities (uint8, 255 stands for 1)."""
    on_grid = Volume(probability / np.float32(255), grids[f"{timepoint}_affine"])
    affine, shape = grids[f"{timepoint}_native_affine"], grids[f"{timepoint}_native_shape"]
    return restore_mask(on_grid, affine=affine, shape=tuple(shape), settings=settings)


def _volume_ml(mask: Volume | None) -> float | None:
    return None if mask is None else mask.volume_ml


def _status(volume_ml: float | None, smallest_ml: float, source: str) -> dict[str, Any]:
    """Whether there is a lesion that features can be computed in, and if not, why."""
    reason = None
    if volume_ml is None:
        reason = "no usable baseline scan" if source == "predicted" else "no usable manual mask of the baseline scan"
    elif volume_ml == 0:
        reason = f"no hematoma in the {source} baseline mask"
    elif volume_ml < smallest_ml:
        reason = f"hematoma below {numeral(smallest_ml)} mL in the {source} baseline mask"
    if reason:
        return {"status": "excluded", "stage": "segmentation", "reason": reason}
    return {"status": "included", "stage": None, "reason": None}
