"""One participant's masks on the scans' own grids, their scores, and whether the analysis goes on."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.schemas import TIMEPOINTS, VARIANTS
from ichdag.segmentation.restoration import RestorationSettings, restore_mask
from ichdag.segmentation.scores import agreement


def restore_participant(
    grids: Mapping[str, np.ndarray],
    *,
    probabilities: Mapping[str, np.ndarray | None],
    manual: Volume | None,
    settings: RestorationSettings,
    masks: str,
    smallest_lesion_ml: float,
) -> tuple[dict[str, Volume], dict[str, Any]]:
    """Masks by timepoint, and the record: status, stage, reason, volumes (mL), and the scores of each variant.

    `grids` are the participant's preprocessed arrays, `probabilities` uint8 (G, G, G) by '{timepoint}/{variant}',
    `manual` the manual baseline mask, `masks` says which baseline mask is analyzed ('predicted' or 'manual'). The masks
    are the dual-scale network's. A participant whose analyzed lesion is missing, empty or too small is excluded, without
    a baseline mask.
    """
    restored = {
        name: _restored(grids, name, probability, settings)
        for name, probability in probabilities.items()
        if probability is not None
    }
    found = {timepoint: restored[f"{timepoint}/dual"] for timepoint in TIMEPOINTS if f"{timepoint}/dual" in restored}
    volumes = {timepoint: found[timepoint].volume_ml if timepoint in found else None for timepoint in TIMEPOINTS}
    record: dict[str, Any] = {"status": "included", "stage": None, "reason": None}
    try:
        analyzed = volumes["baseline"] if masks == "predicted" else manual.volume_ml if manual else None
        _refuse(analyzed, masks=masks, smallest_ml=smallest_lesion_ml)
    except DataFault as fault:
        record = {"status": "excluded", "stage": fault.stage, "reason": fault.reason}
        found.pop("baseline", None)
    record |= {f"{timepoint}_predicted_ml": volume for timepoint, volume in volumes.items()}
    record["scores"] = {
        variant: agreement(restored[f"baseline/{variant}"], manual=manual)
        for variant in VARIANTS
        if f"baseline/{variant}" in restored
    }
    return found, record


def _restored(grids: Mapping[str, np.ndarray], name: str, probability: np.ndarray, settings: RestorationSettings) -> Volume:
    timepoint = name.split("/")[0]
    return restore_mask(
        Volume(probability / np.float32(255), grids[f"{timepoint}_affine"]),
        affine=grids[f"{timepoint}_native_affine"],
        shape=grids[f"{timepoint}_native_shape"],
        settings=settings,
    )


def _refuse(volume_ml: float | None, *, masks: str, smallest_ml: float) -> None:
    """Raise DataFault if the lesion that features would be computed in is missing, empty or too small."""
    if volume_ml is None:
        lacking = "no usable baseline scan" if masks == "predicted" else "no usable manual mask of the baseline scan"
        raise DataFault("segmentation", lacking)
    if volume_ml == 0:
        raise DataFault("segmentation", f"no hematoma in the {masks} baseline mask")
    if volume_ml < smallest_ml:
        raise DataFault("segmentation", f"hematoma below {smallest_ml:g} mL in the {masks} baseline mask")
