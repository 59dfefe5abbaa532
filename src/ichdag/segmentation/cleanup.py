"""Threshold and smallest component of the masks: as given, or chosen on scans their networks have not seen."""

from collections.abc import Mapping
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
from ichdag.segmentation.inference import InferenceSettings, lesion_probability, load_network
from ichdag.segmentation.restoration import RestorationSettings


@dataclass(frozen=True)
class CleanupSettings:
    """Whether to choose, and among which thresholds and volumes (mL) below which a component is dropped."""

    chosen: str
    thresholds: list[float]
    smallest_components_ml: list[float]


def read_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments of `choose_cleanup` that the settings of the stage fix."""
    return {
        "given": RestorationSettings(settings["threshold"], settings["smallest_component_ml"]),
        "settings": CleanupSettings(**settings["cleanup"]),
        "inference": InferenceSettings(**settings["inference"]),
    }


def choose_cleanup(
    grids: Mapping[str, str | Path],
    *,
    networks: Mapping[str, Any],
    given: RestorationSettings,
    settings: CleanupSettings,
    inference: InferenceSettings,
    device: torch.device,
) -> dict[str, Any]:
    """The threshold and smallest component that masks are made with, and the mean Dice of every candidate.

    `grids` has npz paths of the training list's subjects with a manual mask, each segmented by the dual-scale network
    of its own fold, which has not seen it. Dice is on the fine grid; among equals the candidate nearest to the one
    given wins. External participants take no part. Raises StudyError if there is nobody to choose on.
    """
    if settings.chosen == "given":
        return vars(given) | {"chosen": "given", "candidates": []}
    if not grids:
        raise StudyError("no manual mask to choose a clean-up on: set segmentation.cleanup.chosen to given")
    pairs = list(product(settings.thresholds, settings.smallest_components_ml))
    scores = np.array([_dices(*pair, settings) for pair in _out_of_fold(grids, networks, inference, device)])
    means = scores.mean(axis=0).round(6)
    away = [abs(t - given.threshold) + abs(ml - given.smallest_component_ml) for t, ml in pairs]
    best = min(range(len(pairs)), key=lambda column: (-means[column], away[column]))
    table = [{"threshold": t, "smallest_component_ml": ml, "dice": m} for (t, ml), m in zip(pairs, means, strict=True)]
    return {"threshold": pairs[best][0], "smallest_component_ml": pairs[best][1], "chosen": "cv", "candidates": table}


def _dices(probability: Volume, manual: np.ndarray, settings: CleanupSettings) -> list[float]:
    """Dice of every candidate on the fine grid, smallest components varying fastest; parts are 26-connected."""
    found = []
    for threshold in settings.thresholds:
        labels, count = ndimage.label(probability.values >= threshold, structure=np.ones((3, 3, 3)))
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        hits = np.bincount(labels[manual], minlength=count + 1)
        for smallest_ml in settings.smallest_components_ml:
            kept = sizes * probability.voxel_ml >= smallest_ml
            kept[0] = False
            total = sizes[kept].sum() + np.count_nonzero(manual)
            found.append(2 * hits[kept].sum() / total if total else 1.0)
    return found


def _out_of_fold(grids, networks, inference: InferenceSettings, device: torch.device):
    """Yield probability (rounded to 8 bits, as stored) and manual mask of every subject, both on the fine grid."""
    for entry in networks["networks"]:
        mine = [path for subject, path in grids.items() if str(networks["folds"][subject]) == entry["fold"]]
        if entry["variant"] != "dual" or not mine:
            continue
        network = load_network(entry["weights"], device=device)
        for path in mine:
            arrays = read_arrays(path)
            views = {"fine": arrays["baseline_fine"], "coarse": arrays["baseline_coarse"]}
            found = lesion_probability(network, **views, device=device, mirror_axes=inference.mirror_axes)
            yield (
                Volume(np.rint(found * 255) / np.float32(255), arrays["baseline_affine"]),
                arrays["baseline_mask"] >= 0.5,
            )
