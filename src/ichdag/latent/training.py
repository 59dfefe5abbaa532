"""Train the VAE-GAN: patches in memory, autoencoder and discriminator in turn, a resumable loop."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ichdag.arrays import read_item
from ichdag.jobs import StudyError
from ichdag.latent.losses import LossWeights, VaeganLoss
from ichdag.latent.network import Autoencoder, VaeganSettings, make_discriminator
from ichdag.training import (
    Checkpoint,
    TrainingHistory,
    check_finite,
    draw_mirror_axes,
    explain_out_of_memory,
    mixed_precision,
    polynomial_decay,
    shuffled_batches,
)

SETTINGS_TO_LOWER = ("latent.training.batch_size", "latent.network.channels", "latent.patches.size")


@dataclass(frozen=True)
class TrainingSettings:
    """Hyperparameters of the training of the VAE-GAN. In an epoch every patch is used once."""

    epochs: int
    batch_size: int
    learning_rate: float
    discriminator_learning_rate: float
    kl_weight: float
    adversarial_weight: float
    similarity_weight: float
    warmup_epochs: int
    mirror: float
    discriminator_ceiling: float
    mixed_precision: bool
    deterministic: bool
    checkpoint_every_epochs: int


class VaeGan:
    """Autoencoder and discriminator with their optimizers (g: autoencoder, d: discriminator)."""

    def __init__(self, network: VaeganSettings, settings: TrainingSettings, device: torch.device):
        self.autoencoder = Autoencoder(network).to(device, memory_format=torch.channels_last_3d)
        self.discriminator = make_discriminator(network).to(device, memory_format=torch.channels_last_3d)
        betas = (0.5, 0.999)
        self.optimizer_g = torch.optim.Adam(self.autoencoder.parameters(), settings.learning_rate, betas)
        self.optimizer_d = torch.optim.Adam(
            self.discriminator.parameters(), settings.discriminator_learning_rate, betas
        )

    def stateful(self) -> dict[str, torch.nn.Module | torch.optim.Optimizer]:
        """Return the objects that a checkpoint stores, by name."""
        return vars(self)


def load_patches(stores: Mapping[str, str | Path], *, subjects: Iterable[str]) -> tuple[list[str], Tensor]:
    """Load the patches of these subjects: the subjects that have one, and patches (n, 1, P, P, P), float16.

    `stores` has the path of the store of each subject. Raises StudyError if there is no patch.
    """
    stored = {subject: read_item(stores[subject], f"{subject}/patch") for subject in subjects if subject in stores}
    patches = {subject: patch for subject, patch in stored.items() if patch is not None}
    if not patches:
        raise StudyError("no lesion patch to train the VAE-GAN on: the logs of cut_patches say why")
    return list(patches), torch.from_numpy(np.stack(list(patches.values())))[:, None]


def read_settings(settings: Mapping[str, Any], *, checkpoint_every_epochs: int) -> dict[str, Any]:
    """Return the keyword arguments of `train_vaegan` from the identity of a VAE-GAN and the checkpoint interval."""
    training = TrainingSettings(**settings["training"], checkpoint_every_epochs=checkpoint_every_epochs)
    return {"network": VaeganSettings(**settings["network"]), "settings": training, "seed": settings["seed"]}


def train_vaegan(
    patches: Tensor,
    *,
    network: VaeganSettings,
    settings: TrainingSettings,
    seed: int,
    checkpoint: Checkpoint,
    device: torch.device,
) -> tuple[Autoencoder, TrainingHistory]:
    """Train on patches (n, 1, P, P, P); return the autoencoder with the history of its training.

    A row of the history has the mean of every term in one epoch. A training that was interrupted resumes from the
    checkpoint and ends with the same weights, on a CPU bit for bit. Raises StudyError if a loss is not finite, or if
    memory is too small.
    """
    size = patches.shape[-1]
    network.check(size)
    torch.manual_seed(seed)
    vaegan = VaeGan(network, settings, device)
    generator = torch.Generator().manual_seed(seed)
    history = TrainingHistory(epochs=settings.epochs, patience_epochs=0)
    objects = vaegan.stateful() | {"history": history}
    epoch = checkpoint.resume(generator, **objects)
    with explain_out_of_memory(batch_size=settings.batch_size, grid=size, settings=SETTINGS_TO_LOWER):
        while history.should_continue():
            history.add(_run_epoch(epoch, vaegan, patches, settings, generator, device))
            epoch += 1
            if epoch % settings.checkpoint_every_epochs == 0:
                checkpoint.save(epoch, generator, **objects)
    return vaegan.autoencoder.eval(), history


def _run_epoch(
    epoch: int,
    vaegan: VaeGan,
    patches: Tensor,
    settings: TrainingSettings,
    generator: torch.Generator,
    device: torch.device,
) -> dict[str, float]:
    """Train for one epoch, with patches mirrored at random; return the mean of every term."""
    weights = LossWeights(settings.kl_weight, settings.adversarial_weight, settings.similarity_weight)
    weights = weights.warmed_up(epoch, settings.warmup_epochs)
    decay = polynomial_decay(1.0, progress=epoch / settings.epochs)
    vaegan.optimizer_g.param_groups[0]["lr"] = settings.learning_rate * decay
    vaegan.optimizer_d.param_groups[0]["lr"] = settings.discriminator_learning_rate * decay
    vaegan.autoencoder.train()
    vaegan.discriminator.train()
    totals: dict[str, float] = {}
    for indices in shuffled_batches(len(patches), settings.batch_size, generator):
        mirrors = draw_mirror_axes(len(indices), settings.mirror, generator)
        patch = torch.cat([image.flip(axes) for image, axes in zip(patches[indices].split(1), mirrors, strict=True)])
        terms = train_step(vaegan, patch.to(device).float(), weights, settings, generator)
        check_finite(terms, epoch=epoch, subjects=[f"patch {index}" for index in indices.tolist()])
        for name, value in terms.items():
            totals[name] = totals.get(name, 0.0) + value * len(indices) / len(patches)
    return totals


def train_step(
    vaegan: VaeGan, patch: Tensor, weights: LossWeights, settings: TrainingSettings, generator: torch.Generator
) -> dict[str, float]:
    """Train both networks on one batch (b, 1, P, P, P); return the terms.

    The discriminator skips its step if its accuracy is above the ceiling.
    """
    losses = VaeganLoss()
    channels, stages = vaegan.autoencoder.encoder.mean.conv.out_channels, len(vaegan.autoencoder.encoder.stages)
    latent_shape = (len(patch), channels, *(edge // 2**stages for edge in patch.shape[2:]))
    noise = torch.randn(latent_shape, generator=generator).to(patch.device)
    with mixed_precision(patch.device, settings.mixed_precision):
        output = vaegan.autoencoder(patch, noise)
        vaegan.discriminator.requires_grad_(False)
        fake_features, real_features = vaegan.discriminator(output[0]), vaegan.discriminator(patch)
        features = {"fake_features": fake_features, "real_features": real_features}
        loss, terms = losses.autoencoder(patch, output=output, **features, weights=weights)
    vaegan.optimizer_g.zero_grad()
    loss.backward()
    vaegan.optimizer_g.step()
    vaegan.discriminator.requires_grad_(True)
    with mixed_precision(patch.device, settings.mixed_precision):
        fake_logits = vaegan.discriminator(output[0].detach())[-1]
        real_logits = vaegan.discriminator(patch)[-1]
        loss, discriminator_terms = losses.discriminator(fake_logits, real_logits=real_logits)
    takes_step = discriminator_terms["discriminator_right"] <= settings.discriminator_ceiling
    if takes_step:
        vaegan.optimizer_d.zero_grad()
        loss.backward()
        vaegan.optimizer_d.step()
    return terms | discriminator_terms | {"discriminator_plays": float(takes_step)}
