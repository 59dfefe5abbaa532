"""Inference: lesion probabilities and latent features of scans, by trained networks."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ichdag.arrays import read_arrays
from ichdag.models import read_card, read_weights
from ichdag.schemas import TIMEPOINTS
from ichdag.segmentation.choice import network_of
from ichdag.segmentation.network import Network, NetworkSettings

LOGGER = logging.getLogger("ichdag")


def load_network(card: str | Path, *, weights: str | Path, device: torch.device) -> Network:
    """A trained network from its card and weights, ready for inference."""
    settings = read_card(card).settings
    network = Network(NetworkSettings(**settings["network"]), dual=settings["variant"] == "dual")
    network.load_state_dict(read_weights(weights))
    return network.to(device).eval()


@torch.inference_mode()
def lesion_probability(network: Network, *, fine: np.ndarray, coarse: np.ndarray, device: torch.device) -> np.ndarray:
    """Lesion probability (G, G, G), float32, of one scan on its two grids (G, G, G) and (G/2, G/2, G/2)."""
    logits = network(_tensor(fine, device), _tensor(coarse, device))[0]
    return torch.sigmoid(logits.float())[0, 0].cpu().numpy()


@torch.inference_mode()
def bottleneck_features(network: Network, *, fine: np.ndarray, coarse: np.ndarray, device: torch.device) -> np.ndarray:
    """Both encoders' last stages of one scan, flat and concatenated: 512 x 8^3 + 512 x 4^3 = 294,912 at paper size."""
    features = network.bottlenecks(_tensor(fine, device), _tensor(coarse, device))
    return torch.cat([feature.float().flatten() for feature in features]).cpu().numpy()


def segment_batch(
    grids: Mapping[str, str | Path], *, networks: Mapping[str, Any], device: torch.device
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield ('{subject}/{timepoint}/{variant}', probability * 255 as uint8) of a batch, given npz paths by subject.

    Each network is loaded once and serves all its scans before the next one is. Follow-up scans get the dual-scale
    network only, for the variants are compared at baseline.
    """
    for entry in networks["networks"]:
        subjects = [subject for subject in grids if network_of(subject, networks["folds"]) == entry["fold"]]
        if not subjects:
            continue
        network = load_network(entry["card"], weights=entry["weights"], device=device)
        timepoints = TIMEPOINTS if entry["variant"] == "dual" else ("baseline",)
        LOGGER.info("network %s: %d participants", entry["name"], len(subjects))
        for subject in subjects:
            arrays = read_arrays(grids[subject])
            for timepoint in timepoints:
                if f"{timepoint}_fine" in arrays:
                    fine, coarse = arrays[f"{timepoint}_fine"], arrays[f"{timepoint}_coarse"]
                    probability = lesion_probability(network, fine=fine, coarse=coarse, device=device)
                    yield f"{subject}/{timepoint}/{entry['variant']}", np.rint(probability * 255).astype(np.uint8)


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
