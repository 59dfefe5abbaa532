"""Training of one segmentation network: samples in memory, random batches, a resumable loop."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
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
    Course,
    memory_for,
    mixed_precision,
    polynomial_decay,
    refuse_nan,
    shuffled_batches,
    warm_up,
)

LOGGER = logging.getLogger("ichdag")
_KINDS = {"fine": torch.float16, "coarse": torch.float16, "mask": torch.uint8}
LOWER = ("segmentation.training.batch_size", "segmentation.network.channels", "preprocessing.grid")


@dataclass(frozen=True)
class TrainingSettings:
    """How long and how a network is trained. An epoch shows every scan once."""

    epochs: int
    patience_epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float
    warmup_epochs: int
    weight_decay: float
    momentum: float
    lesion_weight: float
    mixed_precision: bool
    deterministic: bool
    checkpoint_every_epochs: int


@dataclass(frozen=True)
class Samples:
    """Scans on both grids (n, 1, G, G, G) and (n, 1, G/2, G/2, G/2), float16, and masks (n, 1, G, G, G), uint8.

    A voxel of the mask is the part of it that is lesion, 255 for all of it.
    """

    subjects: list[str]
    fine: Tensor
    coarse: Tensor
    mask: Tensor

    def of(self, indices: Tensor, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """Fine, coarse and mask (0 to 1) of some samples, float32, on the device."""
        fine, coarse, mask = (part[indices].to(device).float() for part in (self.fine, self.coarse, self.mask))
        return fine, coarse, mask / 255


def read_settings(settings: Mapping[str, Any], *, checkpoint_every_epochs: int) -> dict[str, Any]:
    """The keyword arguments of `train_network` that a network's identity fixes, and how often it is saved."""
    how = TrainingSettings(**settings["training"], checkpoint_every_epochs=checkpoint_every_epochs)
    return {
        "dual": settings["variant"] == "dual",
        "network": NetworkSettings(**settings["network"]),
        "augmentation": AugmentationSettings(**settings["augmentation"]),
        "settings": how,
        "seed": settings["seed"],
    }


def manual_baselines(grids: pd.DataFrame, *, subjects: Iterable[str]) -> dict[str, str]:
    """Paths of the grids of those subjects whose baseline scan carries a manual mask (`grids` follows schema grids)."""
    usable = grids[(grids["timepoint"] == "baseline") & (grids["manual"] == "yes")]
    paths = dict(zip(usable["subject"], usable["path"], strict=True))
    return {subject: paths[subject] for subject in subjects if subject in paths}


def load_samples(paths: dict[str, str | Path]) -> Samples:
    """The baseline scans and manual masks of these subjects (npz paths by subject), all in memory, read once.

    At paper size 6.8 MB a subject. Subjects without lesion on the grid are left out, and logged: with the Dice of a
    batch they teach to find nothing. Raises StudyError if nobody is left.
    """
    kept, tensors = [], {}
    for subject, path in paths.items():
        arrays = read_arrays(path)
        mask = np.rint(arrays["baseline_mask"].astype(np.float32) * 255).astype(np.uint8)
        if mask.max() < 128:
            LOGGER.warning("%s is not trained on: no lesion in its mask on the grid", subject)
            continue
        parts = {"fine": arrays["baseline_fine"], "coarse": arrays["baseline_coarse"], "mask": mask}
        for part, array in parts.items():
            if part not in tensors:
                tensors[part] = torch.empty((len(paths), 1, *array.shape), dtype=_KINDS[part])
            tensors[part][len(kept), 0] = torch.from_numpy(array)
        kept.append(subject)
    if not kept:
        raise StudyError(
            "no scan with a lesion in its manual mask to train on: name baseline_mask in the participants sheet for "
            f"some of role development ({len(paths)} masks named, none shows a lesion on the grid)"
        )
    return Samples(kept, **{part: tensor[: len(kept)] for part, tensor in tensors.items()})


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
) -> tuple[Network, Course]:
    """Train one network on the samples; return it and the course of its training.

    A row of the course has the mean loss, Dice and found part of the lesion volume of one epoch, on augmented scans.
    Interrupted and started again with the same checkpoint, it ends with the same weights, on a CPU bit for bit.
    Raises StudyError if the loss is no longer finite, if memory does not suffice, if the network settled on finding
    nothing.
    """
    grid = samples.fine.shape[-1]
    network.check(grid)
    torch.manual_seed(seed)
    model = Network(network, dual=dual).to(device, memory_format=torch.channels_last_3d)
    optimizer = _optimizer(model.parameters(), settings)
    generator = torch.Generator().manual_seed(seed)
    course = Course(epochs=settings.epochs, patience_epochs=settings.patience_epochs)
    parts = {"network": model, "optimizer": optimizer, "course": course}
    epoch = checkpoint.resume(generator, **parts)
    with memory_for(batch_size=settings.batch_size, grid=grid, lower=LOWER):
        while course.goes_on():
            course.add(_run_epoch(epoch, model, optimizer, samples, augmentation, settings, generator, device))
            epoch += 1
            if epoch % settings.checkpoint_every_epochs == 0:
                checkpoint.save(epoch, generator, **parts)
    if course.last["volume_ratio"] == 0:
        checkpoint.remove()
        raise StudyError(
            f"the network finds no lesion in its own {len(samples.subjects)} training scans: it settled on finding "
            "nothing. Raise segmentation.training.lesion_weight or warmup_epochs, or lower learning_rate"
        )
    return model.eval(), course


def _run_epoch(epoch, model, optimizer, samples, augmentation, settings, generator, device) -> dict[str, float]:
    """Show the network every sample once; return the mean loss, and Dice and volume found over all voxels."""
    model.train()
    criterion = DeepSupervisionLoss(settings.lesion_weight).to(device)
    count = len(samples.subjects)
    batches = list(shuffled_batches(count, settings.batch_size, generator))
    total, hit, found, true = 0.0, 0.0, 0.0, 0.0
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
        refuse_nan({"loss": loss.item()}, epoch=epoch, subjects=[samples.subjects[index] for index in indices])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 12.0)
        optimizer.step()
        total += loss.item() * len(indices)
        lesion = logits[0] > 0
        hit, found, true = hit + mask[lesion].sum().item(), found + lesion.sum().item(), true + mask.sum().item()
    return {"loss": total / count, "dice": 2 * hit / max(found + true, 1), "volume_ratio": found / max(true, 1)}


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
