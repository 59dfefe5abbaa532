"""Latent features of a batch: the segmentation network's bottlenecks and the VAE-GAN's mean; and reconstructions."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from ichdag.arrays import read_arrays, read_item, read_store
from ichdag.faults import reading
from ichdag.jobs import StudyError
from ichdag.latent.network import Autoencoder, VaeganSettings
from ichdag.models import read_identity, read_weights
from ichdag.numerals import numeral


def load_autoencoder(weights: str | Path, *, device: torch.device) -> Autoencoder:
    """The trained autoencoder from its weights, which say what they are, ready for inference."""
    autoencoder = Autoencoder(VaeganSettings(**read_identity(weights)["network"]))
    with reading(weights):
        autoencoder.load_state_dict(read_weights(weights))
    return autoencoder.to(device, memory_format=torch.channels_last_3d).eval()


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
    precision: str,
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield ('{subject}/segmentation', ...) and ('{subject}/vaegan', ...), in `precision`, of a batch's baseline scans.

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
        scan = encode_scan(fine=arrays["baseline_fine"], coarse=arrays["baseline_coarse"])
        yield f"{subject}/segmentation", as_stored(scan, precision)
        yield f"{subject}/vaegan", as_stored(encode_patch(patch), precision)


def rounded(latents: np.ndarray, precision: str) -> np.ndarray:
    """Latents in float16 or float32; what is too large is infinite."""
    with np.errstate(over="ignore"):
        return latents.astype(precision)


def as_stored(latents: np.ndarray, precision: str) -> np.ndarray:
    """Latents in float16 or float32. Raises StudyError if one is finite, and too large for float16.

    One that is not finite stays so: it leaves its participant out (`latent.judgment`).
    """
    stored = rounded(latents, precision)
    finite = np.isfinite(latents)
    if not np.isfinite(stored[finite]).all():
        largest = np.abs(latents[finite]).max()
        raise StudyError(
            f"latents up to {numeral(largest, 3)} cannot be stored as {precision}: set latent.precision to float32"
        )
    return stored


def stored_patches(stores: Iterable[str | Path]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield subject and patch (P, P, P), float16, of every participant that has one, one in memory at a time."""
    for path in stores:
        for name, array in read_store(path):
            if name.endswith("/patch"):
                yield name.removesuffix("/patch"), array


@torch.inference_mode()
def reconstruct(
    stores: Iterable[str | Path], *, autoencoder: Autoencoder, examples: int, device: torch.device
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield ('{subject}/patch', ...) and ('{subject}/reconstruction', ...), (P, P, P) float32, of the first patches."""
    for subject, patch in islice(stored_patches(stores), examples):
        tensor = torch.from_numpy(patch.astype(np.float32))[None, None].to(device)
        yield f"{subject}/patch", patch.astype(np.float32)
        yield f"{subject}/reconstruction", autoencoder(tensor)[0][0, 0].float().cpu().numpy()


@torch.inference_mode()
def imagine(
    patches: list[np.ndarray], *, autoencoder: Autoencoder, examples: int, seed: int, device: torch.device
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield patches (P, P, P), float32, that nobody has: ('sample/0', ...) and ('interpolation/0', ...) and on.

    Samples are decoded from draws of the standard normal; interpolations go in equal steps from the latent mean of the
    first patch to that of the last (both ends included). Without patches there is nothing.
    """
    if not patches:
        return
    tensors = [torch.from_numpy(patch.astype(np.float32))[None, None].to(device) for patch in (patches[0], patches[-1])]
    first, last = (autoencoder.encoder(tensor)[0] for tensor in tensors)
    generator = torch.Generator().manual_seed(seed)
    for place in range(examples):
        latent = torch.randn(first.shape, generator=generator).to(device)
        yield f"sample/{place}", autoencoder.decoder(latent)[0, 0].float().cpu().numpy()
    for place, step in enumerate(np.linspace(0, 1, max(examples, 2)).tolist()):
        yield f"interpolation/{place}", autoencoder.decoder(torch.lerp(first, last, step))[0, 0].float().cpu().numpy()
