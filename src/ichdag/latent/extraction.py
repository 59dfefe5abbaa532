"""Extract latent features (bottlenecks of the segmentation network, mean of the VAE-GAN), and reconstruct patches."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from ichdag.arrays import read_arrays, read_item, read_store
from ichdag.file_errors import damaged_result_on_error
from ichdag.jobs import StudyError
from ichdag.latent.network import Autoencoder, VaeganSettings
from ichdag.models import read_identity, read_weights
from ichdag.number_format import format_plain


def load_autoencoder(weights: str | Path, *, device: torch.device) -> Autoencoder:
    """Load a trained autoencoder, in evaluation mode, from its weights file, which stores its settings."""
    autoencoder = Autoencoder(VaeganSettings(**read_identity(weights)["network"]))
    with damaged_result_on_error(weights):
        autoencoder.load_state_dict(read_weights(weights))
    return autoencoder.to(device, memory_format=torch.channels_last_3d).eval()


@torch.inference_mode()
def vaegan_features(autoencoder: Autoencoder, patch: np.ndarray, *, device: torch.device) -> np.ndarray:
    """Return the latent mean of a patch (P, P, P), flat: 512 x 4^3 = 32,768 at paper size."""
    mean = autoencoder.encoder(torch.from_numpy(patch.astype(np.float32))[None, None].to(device))[0]
    return mean.float().flatten().cpu().numpy()


def extract_latents(
    grids: Mapping[str, np.ndarray],
    *,
    patch: np.ndarray | None,
    encode_scan: Callable[..., np.ndarray] | None,
    encode_patch: Callable[..., np.ndarray] | None,
    precision: str,
    refuse_overflow: bool = True,
) -> dict[str, np.ndarray]:
    """Return the latents of one scan by block (segmentation, vaegan), flat, in the precision in which they are stored.

    `grids` has fine and coarse, `patch` is (P, P, P); `encode_scan(fine=, coarse=)` and `encode_patch(patch)` return
    flat latents. A block without encoder is left out. Raises StudyError if a number is too large for the precision; it
    becomes infinite instead if `refuse_overflow` is false.
    """
    latents = {}
    if encode_scan is not None:
        latents["segmentation"] = encode_scan(fine=grids["fine"], coarse=grids["coarse"])
    if encode_patch is not None:
        latents["vaegan"] = encode_patch(patch)
    convert = to_stored_precision if refuse_overflow else round_to_precision
    return {block: convert(values, precision) for block, values in latents.items()}


def extract_batch(
    grids: Mapping[str, str | Path],
    *,
    patches: str | Path,
    encode_scan: Callable[..., np.ndarray],
    encode_patch: Callable[..., np.ndarray],
    precision: str,
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield ('{subject}/segmentation', ...) and ('{subject}/vaegan', ...), in `precision`, of a batch's baseline scans.

    `grids` has npz paths by subject, `patches` is the batch's patch store; for the encoders see `extract_latents`.
    Participants without a patch (no usable scan, no lesion) are skipped.

    ASSUME: one final network encodes all participants, also those of the development cohort, because latents of
    different networks are not comparable; outcomes are not used in its training.
    """
    for subject, path in grids.items():
        patch = read_item(patches, f"{subject}/patch")
        arrays = read_arrays(path)
        if patch is None or "baseline_fine" not in arrays:
            continue
        scan = {name: arrays[f"baseline_{name}"] for name in ("fine", "coarse")}
        latents = extract_latents(
            scan, patch=patch, encode_scan=encode_scan, encode_patch=encode_patch, precision=precision
        )
        for block, values in latents.items():
            yield f"{subject}/{block}", values


def round_to_precision(latents: np.ndarray, precision: str) -> np.ndarray:
    """Convert latents to float16 or float32; numbers that are too large become infinite."""
    with np.errstate(over="ignore"):
        return latents.astype(precision)


def to_stored_precision(latents: np.ndarray, precision: str) -> np.ndarray:
    """Convert latents to float16 or float32. Raises StudyError if a finite number is too large for float16.

    Numbers that are not finite are kept: they exclude the participant later (`latent.exclusion`).
    """
    stored = round_to_precision(latents, precision)
    finite = np.isfinite(latents)
    if not np.isfinite(stored[finite]).all():
        largest = np.abs(latents[finite]).max()
        raise StudyError(
            f"latents up to {format_plain(largest, 3)} cannot be stored as {precision}: set latent.precision to float32"
        )
    return stored


def stored_patches(stores: Iterable[str | Path]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield subject and patch (P, P, P), float16, of each participant with a patch, one in memory at a time."""
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
def sample_latent(
    patches: list[np.ndarray], *, autoencoder: Autoencoder, examples: int, seed: int, device: torch.device
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield generated patches (P, P, P), float32: ('sample/0', ...), ..., ('interpolation/0', ...), ...

    Samples are decoded from draws of the standard normal. Interpolations go in equal steps from the latent mean of the
    first patch to that of the last patch (both included). Without patches nothing is yielded.
    """
    if not patches:
        return
    tensors = [torch.from_numpy(patch.astype(np.float32))[None, None].to(device) for patch in (patches[0], patches[-1])]
    first, last = (autoencoder.encoder(tensor)[0] for tensor in tensors)
    generator = torch.Generator().manual_seed(seed)
    for number in range(examples):
        latent = torch.randn(first.shape, generator=generator).to(device)
        yield f"sample/{number}", autoencoder.decoder(latent)[0, 0].float().cpu().numpy()
    for number, weight in enumerate(np.linspace(0, 1, max(examples, 2)).tolist()):
        yield (
            f"interpolation/{number}",
            autoencoder.decoder(torch.lerp(first, last, weight))[0, 0].float().cpu().numpy(),
        )
