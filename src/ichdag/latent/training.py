"""Training of the VAE-GAN: patches in memory, two players in turn, a resumable loop."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ichdag.arrays import read_item
from ichdag.jobs import StudyError
from ichdag.latent.losses import VaeganLoss, Weights
from ichdag.latent.network import Autoencoder, VaeganSettings, make_discriminator
from ichdag.training import (
    Checkpoint,
    Course,
    draw_mirrors,
    memory_for,
    mixed_precision,
    polynomial_decay,
    refuse_nan,
    shuffled_batches,
)

LOWER = ("latent.training.batch_size", "latent.network.channels", "latent.patches.size")


@dataclass(frozen=True)
class TrainingSettings:
    """How long and how the VAE-GAN is trained. An epoch shows every patch once."""

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


class Players:
    """Autoencoder and discriminator, each with its optimizer."""

    def __init__(self, network: VaeganSettings, settings: TrainingSettings, device: torch.device):
        self.autoencoder = Autoencoder(network).to(device, memory_format=torch.channels_last_3d)
        self.discriminator = make_discriminator(network).to(device, memory_format=torch.channels_last_3d)
        betas = (0.5, 0.999)
        self.painter = torch.optim.Adam(self.autoencoder.parameters(), settings.learning_rate, betas)
        self.judge = torch.optim.Adam(self.discriminator.parameters(), settings.discriminator_learning_rate, betas)

    def parts(self) -> dict[str, torch.nn.Module | torch.optim.Optimizer]:
        """What a checkpoint holds."""
        return vars(self)


def load_patches(stores: Mapping[str, str | Path], *, subjects: Iterable[str]) -> tuple[list[str], Tensor]:
    """The subjects that have a patch, and their patches (n, 1, P, P, P), float16. `stores` has the path by subject.

    Raises StudyError if there is none.
    """
    stored = {subject: read_item(stores[subject], f"{subject}/patch") for subject in subjects if subject in stores}
    found = {subject: patch for subject, patch in stored.items() if patch is not None}
    if not found:
        raise StudyError("no lesion patch to train the VAE-GAN on: the logs of cut_patches say why")
    return list(found), torch.from_numpy(np.stack(list(found.values())))[:, None]


def read_settings(settings: Mapping[str, Any], *, checkpoint_every_epochs: int) -> dict[str, Any]:
    """The keyword arguments of `train_vaegan` that a VAE-GAN's identity fixes, and how often it is saved."""
    how = TrainingSettings(**settings["training"], checkpoint_every_epochs=checkpoint_every_epochs)
    return {"network": VaeganSettings(**settings["network"]), "settings": how, "seed": settings["seed"]}


def train_vaegan(
    patches: Tensor,
    *,
    network: VaeganSettings,
    settings: TrainingSettings,
    seed: int,
    checkpoint: Checkpoint,
    device: torch.device,
) -> tuple[Autoencoder, Course]:
    """Train on patches (n, 1, P, P, P); return the autoencoder and the course of its training.

    A row of the course has the mean of every term in one epoch. Interrupted and started again with the same checkpoint,
    it ends with the same weights, on a CPU bit for bit. Raises StudyError if a loss is no longer finite, or if memory
    does not suffice.
    """
    size = patches.shape[-1]
    network.check(size)
    torch.manual_seed(seed)
    players = Players(network, settings, device)
    generator = torch.Generator().manual_seed(seed)
    course = Course(epochs=settings.epochs, patience_epochs=0)
    parts = players.parts() | {"course": course}
    epoch = checkpoint.resume(generator, **parts)
    with memory_for(batch_size=settings.batch_size, grid=size, lower=LOWER):
        while course.goes_on():
            course.add(_run_epoch(epoch, players, patches, settings, generator, device))
            epoch += 1
            if epoch % settings.checkpoint_every_epochs == 0:
                checkpoint.save(epoch, generator, **parts)
    return players.autoencoder.eval(), course


def _run_epoch(
    epoch: int,
    players: Players,
    patches: Tensor,
    settings: TrainingSettings,
    generator: torch.Generator,
    device: torch.device,
) -> dict[str, float]:
    """Show both players every patch once, mirrored by chance; return the mean of every term."""
    weights = Weights(settings.kl_weight, settings.adversarial_weight, settings.similarity_weight)
    weights = weights.warmed_up(epoch, settings.warmup_epochs)
    left = polynomial_decay(1.0, done=epoch / settings.epochs)
    players.painter.param_groups[0]["lr"] = settings.learning_rate * left
    players.judge.param_groups[0]["lr"] = settings.discriminator_learning_rate * left
    players.autoencoder.train()
    players.discriminator.train()
    totals: dict[str, float] = {}
    for indices in shuffled_batches(len(patches), settings.batch_size, generator):
        mirrors = draw_mirrors(len(indices), settings.mirror, generator)
        patch = torch.cat([one.flip(axes) for one, axes in zip(patches[indices].split(1), mirrors, strict=True)])
        terms = _play(players, patch.to(device).float(), weights, settings, generator)
        refuse_nan(terms, epoch=epoch, subjects=[f"patch {index}" for index in indices.tolist()])
        for name, value in terms.items():
            totals[name] = totals.get(name, 0.0) + value * len(indices) / len(patches)
    return totals


def _play(
    players: Players, patch: Tensor, weights: Weights, settings: TrainingSettings, generator: torch.Generator
) -> dict[str, float]:
    """One step of each player on one batch (b, 1, P, P, P); a discriminator that is right too often sits out."""
    losses = VaeganLoss()
    channels, stages = players.autoencoder.encoder.mean.conv.out_channels, len(players.autoencoder.encoder.stages)
    latent_shape = (len(patch), channels, *(edge // 2**stages for edge in patch.shape[2:]))
    noise = torch.randn(latent_shape, generator=generator).to(patch.device)
    with mixed_precision(patch.device, settings.mixed_precision):
        output = players.autoencoder(patch, noise)
        players.discriminator.requires_grad_(False)
        judged, real = players.discriminator(output[0]), players.discriminator(patch)
        loss, terms = losses.autoencoder(patch, output=output, judged=judged, real=real, weights=weights)
    players.painter.zero_grad()
    loss.backward()
    players.painter.step()
    players.discriminator.requires_grad_(True)
    with mixed_precision(patch.device, settings.mixed_precision):
        judged, real = players.discriminator(output[0].detach()), players.discriminator(patch)
        loss, more = losses.discriminator(judged[-1], real=real[-1])
    plays = more["discriminator_right"] <= settings.discriminator_ceiling
    if plays:
        players.judge.zero_grad()
        loss.backward()
        players.judge.step()
    return terms | more | {"discriminator_plays": float(plays)}
