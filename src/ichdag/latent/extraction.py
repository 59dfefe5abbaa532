"""Latent features of a batch: the segmentation network's bottlenecks and the VAE-GAN's mean; and reconstructions."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from ichdag.arrays import read_arrays, read_item, read_store
from ichdag.latent.network import Autoencoder, VaeganSettings
from ichdag.models import read_card, read_weights


def load_autoencoder(card: str | Path, *, weights: str | Path, device: torch.device) -> Autoencoder:
    """The trained autoencoder from its card and weights, ready for inference."""
    autoencoder = Autoencoder(VaeganSettings(**read_card(card).settings["network"]))
    autoencoder.load_state_dict(read_weights(weights))
    return autoencoder.to(device).eval()


@torch.inference_mode()
def vaegan_features(autoencoder: Autoencoder, patch: np.ndarray, *, device: torch.device) -> np.ndarray:
    """The latent mean of a patch (P, P, P), flat: 512 x 4^3 = 32,768 at paper size."""
    mean = autoencoder.encoder(torch.from_numpy(patch.astype(np.float32))[None, None].to(device))[0]
    return mean.float().flatten().cpu().numpy()


def extract_batch(
    grids: Mapping[str, str | Path],
    *,
    patches: str | Path,
    encode_scan: Callable[..., np.ndarray],
    encode_patch: Callable[..., np.ndarray],
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield ('{subject}/segmentation', ...) and ('{subject}/vaegan', ...), float32, of the baseline scans of a batch.

    `grids` has npz paths by subject, `patches` is the batch's patch store; `encode_scan(fine=, coarse=)` and
    `encode_patch(patch)` give flat latents. A participant without a patch (no usable scan, no lesion) has neither.

    ASSUME: everybody goes through one final network, development participants too, for latents of different networks
    share no axes; the outcomes play no part in its training.
    """
    for subject, path in grids.items():
        patch = read_item(patches, f"{subject}/patch")
        arrays = read_arrays(path)
        if patch is None or "baseline_fine" not in arrays:
            continue
        yield f"{subject}/segmentation", encode_scan(fine=arrays["baseline_fine"], coarse=arrays["baseline_coarse"])
        yield f"{subject}/vaegan", encode_patch(patch)


@torch.inference_mode()
def reconstruct(
    stores: Iterable[str | Path], *, autoencoder: Autoencoder, examples: int, device: torch.device
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield ('{subject}/patch', ...) and ('{subject}/reconstruction', ...), (P, P, P) float32, of the first patches."""
    patches = ((name, array) for path in stores for name, array in read_store(path) if name.endswith("/patch"))
    for name, patch in islice(patches, examples):
        tensor = torch.from_numpy(patch.astype(np.float32))[None, None].to(device)
        yield name, patch.astype(np.float32)
        yield name.replace("/patch", "/reconstruction"), autoencoder(tensor)[0][0, 0].float().cpu().numpy()
