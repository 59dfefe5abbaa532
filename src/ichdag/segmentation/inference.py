"""Apply trained networks to scans: lesion probabilities and bottleneck features."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ichdag.arrays import file_digest, read_arrays
from ichdag.constants import TIMEPOINTS, VARIANTS
from ichdag.file_errors import damaged_result_on_error
from ichdag.models import read_identity, read_weights
from ichdag.overlap import dice_coefficient
from ichdag.segmentation.fold_assignment import assigned_network
from ichdag.segmentation.network import DualScaleUNet, NetworkSettings

LOGGER = logging.getLogger("ichdag")


@dataclass(frozen=True)
class InferenceSettings:
    """Axes of test-time mirroring, and whether external participants are segmented by the ensemble of all folds."""

    mirror_axes: list[int]
    ensemble: bool


def load_network(weights: str | Path, *, device: torch.device) -> DualScaleUNet:
    """Load a trained network, in evaluation mode, from its weights file, which stores the settings of the network."""
    settings = read_identity(weights)
    network = DualScaleUNet(NetworkSettings(**settings["network"]), dual=settings["variant"] == "dual")
    with damaged_result_on_error(weights):
        network.load_state_dict(read_weights(weights))
    return network.to(device, memory_format=torch.channels_last_3d).eval()


@torch.inference_mode()
def lesion_probability(
    network: DualScaleUNet,
    *,
    fine: np.ndarray,
    coarse: np.ndarray,
    device: torch.device,
    mirror_axes: Sequence[int] = (),
) -> np.ndarray:
    """Return the lesion probability (G, G, G), float32, of a scan on its two grids (G, G, G) and (G/2, G/2, G/2).

    With mirror axes (0: left to right, 1: back to front, 2: up) it is the mean over the scan and its mirror images
    along every subset of the axes, each mirrored back (test-time augmentation): 2, 4 or 8 passes.
    """
    axis_subsets = [axes for count in range(len(mirror_axes) + 1) for axes in combinations(mirror_axes, count)]
    total = torch.zeros((1, 1, *fine.shape), device=device)
    for axes in axis_subsets:
        dimensions = [axis + 2 for axis in axes]
        views = [_tensor(grid, device).flip(dimensions) for grid in (fine, coarse)]
        total += torch.sigmoid(network(*views)[0].float()).flip(dimensions)
    return (total / len(axis_subsets))[0, 0].cpu().numpy()


@torch.inference_mode()
def bottleneck_features(
    network: DualScaleUNet, *, fine: np.ndarray, coarse: np.ndarray, device: torch.device
) -> np.ndarray:
    """Return the last stages of both encoders, flat and concatenated: 512 x 8^3 + 512 x 4^3 = 294,912 at paper size."""
    features = network.bottlenecks(_tensor(fine, device), _tensor(coarse, device))
    return torch.cat([feature.float().flatten() for feature in features]).cpu().numpy()


def segment_scan(
    networks: Sequence[DualScaleUNet],
    *,
    grids: Mapping[str, np.ndarray],
    settings: InferenceSettings,
    device: torch.device,
) -> np.ndarray:
    """Segment one scan: return the mean lesion probability of these networks as it is stored, times 255, uint8.

    `grids` has fine (G, G, G) and coarse (G/2, G/2, G/2), as `preprocessing.network_grids.make_grids` returns them; the
    result is (G, G, G).
    """
    total = np.zeros(grids["fine"].shape, dtype=np.float32)
    for network in networks:
        total += lesion_probability(
            network, fine=grids["fine"], coarse=grids["coarse"], device=device, mirror_axes=settings.mirror_axes
        )
    probability = total / len(networks)
    return np.rint(probability * 255).astype(np.uint8)


def segment_batch(
    grids: Mapping[str, str | Path], *, networks: Mapping[str, Any], settings: InferenceSettings, device: torch.device
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield ('{subject}/{timepoint}/{variant}', probability * 255 as uint8) of a batch, given npz paths by subject.

    First it yields ('{subject}/grids', digest of the grids file, (32,) uint8) of each subject, which identifies the
    scans. Each network is loaded once. Follow-up scans are segmented by the dual-scale network only, because the
    variants are compared at baseline. In an ensemble, subjects of the final network get the mean of the networks of all
    folds instead, because none of these has seen the scan either; the networks are then in memory together.
    """
    for subject, path in grids.items():
        yield f"{subject}/grids", file_digest(path)
    for variant in VARIANTS:
        entries = {entry["fold"]: entry for entry in networks["networks"] if entry["variant"] == variant}
        folds = [fold for fold in entries if fold != "final"]
        for fold in entries:
            subjects = [subject for subject in grids if assigned_network(subject, networks["folds"]) == fold]
            if not subjects:
                continue
            members = [entries[member] for member in (folds if fold == "final" and settings.ensemble else [fold])]
            ensemble = []
            for entry in members:
                ensemble.append(load_network(entry["weights"], device=device))
                LOGGER.info("network %s: %d participants", entry["name"], len(subjects))
            for subject in subjects:
                arrays = read_arrays(grids[subject])
                for timepoint in TIMEPOINTS if variant == "dual" else ("baseline",):
                    if f"{timepoint}_fine" in arrays:
                        scan = {name: arrays[f"{timepoint}_{name}"] for name in ("fine", "coarse")}
                        probability = segment_scan(ensemble, grids=scan, settings=settings, device=device)
                        yield f"{subject}/{timepoint}/{variant}", probability


def mean_dice(
    network: DualScaleUNet, grids: Iterable[str | Path], *, threshold: float, device: torch.device
) -> dict[str, Any]:
    """Return mean, SD and number of Dice scores on the fine grid, over grids with a manual mask."""
    scores: list[float] = []
    for path in grids:
        arrays = read_arrays(path)
        fine, coarse, mask = (arrays[f"baseline_{name}"] for name in ("fine", "coarse", "mask"))
        manual = mask >= 0.5
        predicted = lesion_probability(network, fine=fine, coarse=coarse, device=device) >= threshold
        scores.append(dice_coefficient(predicted, manual=manual, empty=0.0))
    if not scores:
        return {}
    return {"dice_mean": float(np.mean(scores)), "dice_sd": float(np.std(scores)), "dice_n": len(scores)}


def _tensor(grid: np.ndarray, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(grid.astype(np.float32))[None, None].to(device)
