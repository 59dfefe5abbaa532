"""Train the VAE-GAN: patches in memory, autoencoder and discriminator in turn, a resumable loop."""

from collections.abc import Iterable, Mapping, Sequence
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
    draw_mirror_axes,
    explain_out_of_memory,
    mixed_precision,
    polynomial_decay,
)
from ichdag.training_loop import Batch, train

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
    with explain_out_of_memory(batch_size=settings.batch_size, grid=size, settings=SETTINGS_TO_LOWER):
        train(
            VaeganTraining(vaegan, patches, settings, generator, device),
            samples=[f"patch {number}" for number in range(len(patches))],
            batch_size=settings.batch_size,
            history=history,
            generator=generator,
            checkpoint=checkpoint,
            checkpoint_every_epochs=settings.checkpoint_every_epochs,
        )
    return vaegan.autoencoder.eval(), history


@dataclass
class VaeganTraining:
    """Networks and patches of a training, with its training step (see `ichdag.training_loop.train`)."""

    vaegan: VaeGan
    patches: Tensor
    settings: TrainingSettings
    generator: torch.Generator
    device: torch.device

    def stateful(self) -> dict[str, Any]:
        """Return the objects that a checkpoint stores, by name."""
        return vars(self.vaegan)

    def start_epoch(self, epoch: int) -> None:
        """Set both networks to training mode, and the learning rates of the epoch."""
        decay = polynomial_decay(1.0, progress=epoch / self.settings.epochs)
        self.vaegan.optimizer_g.param_groups[0]["lr"] = self.settings.learning_rate * decay
        self.vaegan.optimizer_d.param_groups[0]["lr"] = self.settings.discriminator_learning_rate * decay
        self.vaegan.autoencoder.train()
        self.vaegan.discriminator.train()

    def train_step(self, batch: Batch) -> dict[str, float]:
        """Train both networks on one batch of patches, mirrored at random; return the terms of both losses."""
        settings = self.settings
        weights = LossWeights(settings.kl_weight, settings.adversarial_weight, settings.similarity_weight)
        weights = weights.warmed_up(batch.epoch, settings.warmup_epochs)
        mirrors = draw_mirror_axes(len(batch.indices), settings.mirror, self.generator)
        images = zip(self.patches[batch.indices].split(1), mirrors, strict=True)
        patch = torch.cat([image.flip(axes) for image, axes in images])
        return train_step(self.vaegan, patch.to(self.device).float(), weights, settings, self.generator)

    def epoch_terms(self, steps: Sequence[tuple[int, dict[str, float]]]) -> dict[str, float]:
        """Return the mean of every term over the patches of an epoch."""
        names = steps[0][1]
        return {name: sum(terms[name] * count / len(self.patches) for count, terms in steps) for name in names}


def train_step(
    vaegan: VaeGan, patch: Tensor, weights: LossWeights, settings: TrainingSettings, generator: torch.Generator
) -> dict[str, float]:
    """Train both networks on one batch (b, 1, P, P, P); return the terms.

    The discriminator skips its step if its accuracy is above the ceiling.
    """
    losses = VaeganLoss()
    channels = vaegan.autoencoder.encoder.mean.conv.out_channels
    stages = len(vaegan.autoencoder.encoder.stages)
    latent_shape = (len(patch), channels, *(edge // 2**stages for edge in patch.shape[2:]))
    noise = torch.randn(latent_shape, generator=generator).to(patch.device)
    with mixed_precision(patch.device, settings.mixed_precision):
        output = vaegan.autoencoder(patch, noise)
        vaegan.discriminator.requires_grad_(False)
        fake_features = vaegan.discriminator(output[0])
        real_features = vaegan.discriminator(patch)
        loss, terms = losses.autoencoder(
            patch, output=output, fake_features=fake_features, real_features=real_features, weights=weights
        )
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
