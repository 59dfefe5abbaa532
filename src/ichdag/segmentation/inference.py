"""Inference: lesion probabilities and latent features of scans, by trained networks."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ichdag.arrays import file_digest, read_arrays
from ichdag.faults import reading
from ichdag.models import read_identity, read_weights
from ichdag.names import TIMEPOINTS, VARIANTS
from ichdag.segmentation.choice import network_of
from ichdag.segmentation.network import Network, NetworkSettings

LOGGER = logging.getLogger("ichdag")


@dataclass(frozen=True)
class InferenceSettings:
    """Axes along which a scan is also seen mirrored, and whether all folds' networks segment external participants."""

    mirror_axes: list[int]
    ensemble: bool


def load_network(weights: str | Path, *, device: torch.device) -> Network:
    """A trained network from its weights, which say what they are, ready for inference."""
    settings = read_identity(weights)
    network = Network(NetworkSettings(**settings["network"]), dual=settings["variant"] == "dual")
    with reading(weights):
        network.load_state_dict(read_weights(weights))
    return network.to(device, memory_format=torch.channels_last_3d).eval()


@torch.inference_mode()
def lesion_probability(
    network: Network, *, fine: np.ndarray, coarse: np.ndarray, device: torch.device, mirror_axes: Sequence[int] = ()
) -> np.ndarray:
    """Lesion probability (G, G, G), float32, of one scan on its two grids (G, G, G) and (G/2, G/2, G/2).

    With mirror axes (0: left to right, 1: back to front, 2: up) it is the mean over the scan and its mirror images
    along every set of them, each mirrored back: 2, 4 or 8 passes.
    """
    flips = [axes for count in range(len(mirror_axes) + 1) for axes in combinations(mirror_axes, count)]
    total = torch.zeros((1, 1, *fine.shape), device=device)
    for axes in flips:
        sides = [axis + 2 for axis in axes]
        views = [_tensor(grid, device).flip(sides) for grid in (fine, coarse)]
        total += torch.sigmoid(network(*views)[0].float()).flip(sides)
    return (total / len(flips))[0, 0].cpu().numpy()


@torch.inference_mode()
def bottleneck_features(network: Network, *, fine: np.ndarray, coarse: np.ndarray, device: torch.device) -> np.ndarray:
    """Both encoders' last stages of one scan, flat and concatenated: 512 x 8^3 + 512 x 4^3 = 294,912 at paper size."""
    features = network.bottlenecks(_tensor(fine, device), _tensor(coarse, device))
    return torch.cat([feature.float().flatten() for feature in features]).cpu().numpy()


def segment_batch(
    grids: Mapping[str, str | Path], *, networks: Mapping[str, Any], settings: InferenceSettings, device: torch.device
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield ('{subject}/{timepoint}/{variant}', probability * 255 as uint8) of a batch, given npz paths by subject.

    First comes ('{subject}/grids', digest of the grids file, (32,) uint8) of each: whose probabilities they are.
    Each network is loaded once and serves all its scans before the next one is. Follow-up scans get the dual-scale
    network only, for the variants are compared at baseline. In an ensemble, whoever would get the final network gets
    the mean of all folds' networks, for none of them has seen the scan either.
    """
    for subject, path in grids.items():
        yield f"{subject}/grids", file_digest(path)
    for variant in VARIANTS:
        entries = {entry["fold"]: entry for entry in networks["networks"] if entry["variant"] == variant}
        folds = [fold for fold in entries if fold != "final"]
        for fold in entries:
            subjects = [subject for subject in grids if network_of(subject, networks["folds"]) == fold]
            team = folds if fold == "final" and settings.ensemble else [fold]
            mine = {subject: grids[subject] for subject in subjects}
            for name, probability in _mean_of_networks(mine, [entries[one] for one in team], settings, device):
                yield f"{name}/{variant}", np.rint(probability * 255).astype(np.uint8)


def _mean_of_networks(
    grids: Mapping[str, str | Path], entries: list[Any], settings: InferenceSettings, device: torch.device
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield ('{subject}/{timepoint}', mean probability) over these networks; one network needs no sums in memory."""
    sums: dict[str, np.ndarray] = {}
    for place, entry in enumerate(entries if grids else [], 1):
        network = load_network(entry["weights"], device=device)
        LOGGER.info("network %s: %d participants", entry["name"], len(grids))
        for subject, path in grids.items():
            arrays = read_arrays(path)
            for timepoint in TIMEPOINTS if entry["variant"] == "dual" else ("baseline",):
                if f"{timepoint}_fine" in arrays:
                    name = f"{subject}/{timepoint}"
                    views = {"fine": arrays[f"{timepoint}_fine"], "coarse": arrays[f"{timepoint}_coarse"]}
                    views |= {"device": device, "mirror_axes": settings.mirror_axes}
                    total = sums.pop(name, 0) + lesion_probability(network, **views)
                    if place == len(entries):
                        yield name, total / len(entries)
                    else:
                        sums[name] = total


def mean_dice(
    network: Network, grids: Iterable[str | Path], *, threshold: float, device: torch.device
) -> dict[str, Any]:
    """Dice on the fine grid over scans with a manual mask the network was not trained on: mean, SD and number."""
    scores = []
    for path in grids:
        arrays = read_arrays(path)
        fine, coarse, mask = (arrays[f"baseline_{part}"] for part in ("fine", "coarse", "mask"))
        mask = mask >= 0.5
        found = lesion_probability(network, fine=fine, coarse=coarse, device=device) >= threshold
        scores.append(2 * np.count_nonzero(found & mask) / max(np.count_nonzero(found) + np.count_nonzero(mask), 1))
    if not scores:
        return {}
    return {"dice_mean": float(np.mean(scores)), "dice_sd": float(np.std(scores)), "dice_n": len(scores)}


def _tensor(grid: np.ndarray, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(grid.astype(np.float32))[None, None].to(device)
