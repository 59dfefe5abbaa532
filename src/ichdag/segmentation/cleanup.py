"""Choose threshold and smallest component of the masks: as given, or by out-of-fold Dice (cross-validation)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import ndimage

from ichdag.arrays import read_arrays
from ichdag.images import Volume
from ichdag.jobs import StudyError
from ichdag.overlap import dice_of_volumes
from ichdag.segmentation.inference import InferenceSettings, lesion_probability, load_network
from ichdag.segmentation.native_grid import MaskSettings


@dataclass(frozen=True)
class CleanupSettings:
    """How to choose (given or cv), candidate thresholds, and candidate volumes (mL) of the smallest component."""

    chosen: str
    thresholds: list[float]
    min_components_ml: list[float]


def read_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments of `choose_cleanup` that come from the settings of the stage."""
    return {
        "given": MaskSettings(settings["threshold"], settings["min_component_ml"]),
        "settings": CleanupSettings(**settings["cleanup"]),
        "inference": InferenceSettings(**settings["inference"]),
    }


def choose_cleanup(
    grids: Mapping[str, str | Path],
    *,
    networks: Mapping[str, Any],
    given: MaskSettings,
    settings: CleanupSettings,
    inference: InferenceSettings,
    device: torch.device,
) -> dict[str, Any]:
    """Choose threshold and smallest component of the masks; return them with the mean Dice of every candidate.

    `grids` has npz paths of the subjects on the training list with a manual mask. Each is segmented by the dual-scale
    network of its own fold, which was not trained on it. Dice is computed on the fine grid; among candidates of equal
    Dice the one nearest to the given one is chosen. External participants are not used. Raises StudyError if no subject
    has a manual mask.
    """
    if settings.chosen == "given":
        return vars(given) | {"chosen": "given", "candidates": []}
    if not grids:
        raise StudyError("no manual mask to choose a clean-up on: set segmentation.cleanup.chosen to given")
    candidates = list(product(settings.thresholds, settings.min_components_ml))
    predictions = _out_of_fold_predictions(grids, networks, inference, device)
    dice = np.array([_dice_of_candidates(probability, manual, settings) for probability, manual in predictions])
    mean_dice = dice.mean(axis=0).round(6)
    distance = [abs(t - given.threshold) + abs(ml - given.min_component_ml) for t, ml in candidates]
    best = min(range(len(candidates)), key=lambda column: (-mean_dice[column], distance[column]))
    rows = zip(candidates, mean_dice, strict=True)
    table = [{"threshold": t, "min_component_ml": ml, "dice": mean} for (t, ml), mean in rows]
    threshold, min_component_ml = candidates[best]
    chosen = {"threshold": threshold, "min_component_ml": min_component_ml}
    return chosen | {"chosen": "cv", "candidates": table}


def _dice_of_candidates(probability: Volume, manual: np.ndarray, settings: CleanupSettings) -> list[float]:
    """Return the Dice of every candidate, smallest components varying fastest; components are 26-connected."""
    dice = []
    for threshold in settings.thresholds:
        labels, count = ndimage.label(probability.values >= threshold, structure=np.ones((3, 3, 3)))
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        overlaps = np.bincount(labels[manual], minlength=count + 1)
        for smallest_ml in settings.min_components_ml:
            kept = sizes * probability.voxel_ml >= smallest_ml
            kept[0] = False
            total = sizes[kept].sum() + np.count_nonzero(manual)
            dice.append(dice_of_volumes(overlaps[kept].sum(), total=total, empty=1.0))
    return dice


def _out_of_fold_predictions(
    grids: Mapping[str, str | Path], networks: Mapping[str, Any], inference: InferenceSettings, device: torch.device
) -> Iterator[tuple[Volume, np.ndarray]]:
    """Yield probability (rounded to 8 bits, as stored) and manual mask of each subject, both on the fine grid."""
    for entry in networks["networks"]:
        paths = [path for subject, path in grids.items() if str(networks["folds"][subject]) == entry["fold"]]
        if entry["variant"] != "dual" or not paths:
            continue
        network = load_network(entry["weights"], device=device)
        for path in paths:
            arrays = read_arrays(path)
            views = {"fine": arrays["baseline_fine"], "coarse": arrays["baseline_coarse"]}
            probability = lesion_probability(network, **views, device=device, mirror_axes=inference.mirror_axes)
            yield (
                Volume(np.rint(probability * 255) / np.float32(255), arrays["baseline_affine"]),
                arrays["baseline_mask"] >= 0.5,
            )
