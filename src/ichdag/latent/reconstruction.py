"""Compare the reconstructions of the VAE-GAN with those of a PCA of the same number of latents and the mean patch."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import torch

from ichdag.latent.vaegan_networks import Autoencoder


def compare_reconstructions(
    patches: np.ndarray, *, held_out: dict[str, Iterable[np.ndarray]], autoencoder: Autoencoder, device: torch.device
) -> pd.DataFrame:
    """Return the errors of three models fitted on the same patches (n, P, P, P), schema reconstruction.

    `held_out` has other patches by role; role development is the fitted patches. A PCA has at most n - 1 components;
    column latents has the number.
    """
    latents = _latent_count(autoencoder, patches[0], device)
    components = min(latents, len(patches) - 1)
    mean = patches.mean(axis=0, dtype=np.float64).astype(np.float32)
    models: dict[str, tuple[int, Callable[[np.ndarray], np.ndarray]]] = {
        "vaegan": (latents, lambda patch: _reconstruct(autoencoder, patch, device)),
        "pca": (components, fit_pca(patches, mean=mean, components=components)),
        "mean": (0, lambda patch: mean),
    }
    rows = []
    for role, patches_of_role in {"development": patches, **held_out}.items():
        errors: dict[str, list[tuple[float, float]]] = {name: [] for name in models}
        for patch in patches_of_role:
            patch = patch.astype(np.float32)
            for name, (_, reconstruct) in models.items():
                error = (reconstruct(patch) - patch).astype(np.float64)
                errors[name].append((np.abs(error).mean(), np.sqrt((error**2).mean())))
        for name, pairs in errors.items():
            if pairs:
                mae, rmse = np.mean(pairs, axis=0)
                rows.append((role, name, models[name][0], mae, rmse, len(pairs)))
    return pd.DataFrame(rows, columns=["role", "model", "latents", "mae", "rmse", "n"])


def fit_pca(patches: np.ndarray, *, mean: np.ndarray, components: int) -> Callable[[np.ndarray], np.ndarray]:
    """Fit a PCA to patches (n, P, P, P); return a function from a patch to its reconstruction, within [0, 1].

    It uses the Gram matrix (n, n), because a patch has far more voxels than there are patches. It makes one float32
    copy of the patches.
    """
    rows = patches.reshape(len(patches), -1).astype(np.float32)
    rows -= mean.ravel()
    values, vectors = np.linalg.eigh((rows @ rows.T).astype(np.float64))
    kept = np.flatnonzero(values > values[-1] * 1e-7)[::-1][:components]
    inverse = ((vectors[:, kept] / values[kept]) @ vectors[:, kept].T).astype(np.float32)

    def reconstruct(patch: np.ndarray) -> np.ndarray:
        weights = inverse @ (rows @ (patch.ravel() - mean.ravel()))
        return np.clip(mean + (weights @ rows).reshape(patch.shape), 0, 1)

    return reconstruct


@torch.inference_mode()
def _reconstruct(autoencoder: Autoencoder, patch: np.ndarray, device: torch.device) -> np.ndarray:
    return autoencoder(torch.from_numpy(patch)[None, None].to(device))[0][0, 0].float().cpu().numpy()


@torch.inference_mode()
def _latent_count(autoencoder: Autoencoder, patch: np.ndarray, device: torch.device) -> int:
    return autoencoder.encoder(torch.from_numpy(patch.astype(np.float32))[None, None].to(device))[0].numel()
