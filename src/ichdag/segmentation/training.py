"""Training of one segmentation network: samples in memory, random batches, a resumable loop."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from ichdag.arrays import read_arrays
from ichdag.jobs import StudyError
from ichdag.segmentation.augmentation import AugmentationSettings, augment
from ichdag.segmentation.losses import DeepSupervisionLoss
from ichdag.segmentation.network import Network, NetworkSettings
from ichdag.training import (
    Checkpoint,
    Progress,
    mixed_precision,
    polynomial_decay,
    refuse_nan,
    shuffled_batches,
    warm_up,
)


@dataclass(frozen=True)
class TrainingSettings:
    """How long and how a network is trained. An epoch shows every scan once."""

    epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float
    warmup_epochs: int
    weight_decay: float
    momentum: float
    lesion_weight: float
    mixed_precision: bool
    checkpoint_every_epochs: int


@dataclass(frozen=True)
class Samples:
    """Scans on both grids (n, 1, G, G, G) and (n, 1, G/2, G/2, G/2), float16, and their masks (n, 1, G, G, G), bool."""

    subjects: list[str]
    fine: Tensor
    coarse: Tensor
    mask: Tensor

    def of(self, indices: Tensor, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """Fine, coarse and mask of some samples, float32, on the device."""
        return tuple(part[indices].to(device).float() for part in (self.fine, self.coarse, self.mask))


def read_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments of `train_network` that a card's settings fix."""
    return {
        "dual": settings["variant"] == "dual",
        "network": NetworkSettings(**settings["network"]),
        "augmentation": AugmentationSettings(**settings["augmentation"]),
        "settings": TrainingSettings(**settings["training"]),
        "seed": settings["seed"],
    }


def manual_baselines(grids: pd.DataFrame, *, subjects: Iterable[str]) -> dict[str, str]:
    """Paths of the grids of those subjects whose baseline scan carries a manual mask (`grids` follows schema grids)."""
    usable = grids[(grids["timepoint"] == "baseline") & (grids["manual"] == "yes")]
    paths = dict(zip(usable["subject"], usable["path"], strict=True))
    return {subject: paths[subject] for subject in subjects if subject in paths}


def load_samples(paths: dict[str, str | Path]) -> Samples:
    """The baseline scans and manual masks of these subjects (npz paths by subject), all in memory.

    At paper size 6.8 MB a subject. Raises StudyError if there is none.
    """
    if not paths:
        raise StudyError(
            "no scan with a manual mask to train on: name baseline_mask in the participants sheet for some of role "
            "development"
        )
    tensors: dict[str, Tensor] = {}
    for row, path in enumerate(paths.values()):
        arrays = read_arrays(path)
        for part in ("fine", "coarse", "mask"):
            array = torch.from_numpy(arrays[f"baseline_{part}"])
            array = array >= 0.5 if part == "mask" else array
            if part not in tensors:
                kind = torch.bool if part == "mask" else torch.float16
                tensors[part] = torch.empty((len(paths), 1, *array.shape), dtype=kind)
            tensors[part][row, 0] = array
    return Samples(list(paths), **tensors)


def train_network(
    samples: Samples,
    *,
    dual: bool,
    network: NetworkSettings,
    augmentation: AugmentationSettings,
    settings: TrainingSettings,
    seed: int,
    checkpoint: Checkpoint,
    device: torch.device,
) -> tuple[Network, dict[str, float]]:
    """Train one network on the samples; return it, and its last epoch's mean loss and found part of lesion volume.

    Interrupted and started again with the same checkpoint, it ends with the same weights, on a CPU bit for bit.
    Raises StudyError if the loss is no longer finite, if the network settled on finding nothing, or if the checkpoint
    belongs to another configuration.
    """
    network.check(samples.fine.shape[-1])
    torch.manual_seed(seed)
    model = Network(network, dual=dual).to(device, memory_format=torch.channels_last_3d)
    optimizer = _optimizer(model.parameters(), settings)
    generator = torch.Generator().manual_seed(seed)
    first = checkpoint.resume(generator, network=model, optimizer=optimizer)
    progress = Progress(first=first, epochs=settings.epochs)
    losses = {}
    for epoch in range(first, settings.epochs):
        losses = _run_epoch(epoch, model, optimizer, samples, augmentation, settings, generator, device)
        refuse_nan(losses, epoch=epoch)
        progress.log(epoch, losses)
        if (epoch + 1) % settings.checkpoint_every_epochs == 0 and epoch + 1 < settings.epochs:
            checkpoint.save(epoch + 1, generator, network=model, optimizer=optimizer)
    if losses["volume_ratio"] == 0:
        checkpoint.remove()
        raise StudyError(
            f"the network finds no lesion in its own {len(samples.subjects)} training scans: it settled on finding "
            "nothing. Raise segmentation.training.lesion_weight or warmup_epochs, or lower learning_rate"
        )
    return model.eval(), losses


def _run_epoch(epoch, model, optimizer, samples, augmentation, settings, generator, device) -> dict[str, float]:
    """Show the network every sample once; return the mean loss, and the found part of the lesions' volume."""
    model.train()
    criterion = DeepSupervisionLoss(settings.lesion_weight).to(device)
    count = len(samples.subjects)
    batches = list(shuffled_batches(count, settings.batch_size, generator))
    total, found, true = 0.0, 0, 0
    for step, indices in enumerate(batches):
        for group in optimizer.param_groups:
            warm = warm_up(epoch=epoch + (step + 1) / len(batches), warmup_epochs=settings.warmup_epochs)
            done = (epoch + step / len(batches)) / settings.epochs
            group["lr"] = warm * polynomial_decay(settings.learning_rate, done=done)
        fine, coarse, mask = samples.of(indices, device)
        fine, coarse, mask = augment(fine, coarse=coarse, mask=mask, settings=augmentation, generator=generator)
        optimizer.zero_grad()
        with mixed_precision(device, settings.mixed_precision):
            logits = model(fine, coarse)
            loss = criterion(logits, mask)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 12.0)
        optimizer.step()
        total += loss.item() * len(indices)
        found, true = found + (logits[0] > 0).sum().item(), true + mask.sum().item()
    return {"loss": total / count, "volume_ratio": found / max(true, 1)}


def _optimizer(parameters: Iterable[Tensor], settings: TrainingSettings) -> torch.optim.Optimizer:
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    return torch.optim.SGD(
        parameters,
        lr=settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        nesterov=settings.momentum > 0,
    )
