"""Train one segmentation network: samples in memory, random batches, a resumable loop."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ichdag.arrays import read_arrays
from ichdag.jobs import StudyError
from ichdag.overlap import dice_of_volumes
from ichdag.segmentation.augmentation import AugmentationSettings, augment
from ichdag.segmentation.losses import DeepSupervisionLoss
from ichdag.segmentation.network import DualScaleUNet, NetworkSettings
from ichdag.training import (
    Checkpoint,
    TrainingHistory,
    explain_out_of_memory,
    mixed_precision,
    polynomial_decay,
    warmup_factor,
)
from ichdag.training_loop import Batch, train

LOGGER = logging.getLogger("ichdag")
_DTYPES = {"fine": torch.float16, "coarse": torch.float16, "mask": torch.uint8}
SETTINGS_TO_LOWER = ("segmentation.training.batch_size", "segmentation.network.channels", "preprocessing.grid")


@dataclass(frozen=True)
class TrainingSettings:
    """Hyperparameters of the training of a network. In an epoch every scan is used once."""

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

    A voxel of the mask is the fraction of it that is lesion, times 255.
    """

    subjects: list[str]
    fine: Tensor
    coarse: Tensor
    mask: Tensor

    def batch(self, indices: Tensor, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """Return fine, coarse and mask (0 to 1) of the samples with these indices, float32, on the device."""
        fine, coarse, mask = (tensor[indices].to(device).float() for tensor in (self.fine, self.coarse, self.mask))
        return fine, coarse, mask / 255


def read_settings(settings: Mapping[str, Any], *, checkpoint_every_epochs: int) -> dict[str, Any]:
    """Return the keyword arguments of `train_network` from the identity of a network and the checkpoint interval."""
    training = TrainingSettings(**settings["training"], checkpoint_every_epochs=checkpoint_every_epochs)
    return {
        "dual": settings["variant"] == "dual",
        "network": NetworkSettings(**settings["network"]),
        "augmentation": AugmentationSettings(**settings["augmentation"]),
        "settings": training,
        "seed": settings["seed"],
    }


def manual_baselines(grids: pd.DataFrame, *, subjects: Iterable[str]) -> dict[str, str]:
    """Return grid paths of the subjects whose baseline scan has a manual mask (`grids` follows schema grids)."""
    usable = grids[(grids["timepoint"] == "baseline") & (grids["manual"] == "yes")]
    paths = dict(zip(usable["subject"], usable["path"], strict=True))
    return {subject: paths[subject] for subject in subjects if subject in paths}


def load_samples(paths: dict[str, str | Path]) -> Samples:
    """Load baseline scans and manual masks of these subjects (npz paths by subject) into memory.

    A subject takes 6.8 MB at paper size. Subjects without a lesion on the grid are left out and logged, because with
    batch Dice they train the network to predict empty masks. Raises StudyError if nobody is left.
    """
    subjects: list[str] = []
    tensors: dict[str, Tensor] = {}
    for subject, path in paths.items():
        arrays = read_arrays(path)
        mask = np.rint(arrays["baseline_mask"].astype(np.float32) * 255).astype(np.uint8)
        if mask.max() < 128:
            LOGGER.warning("%s is not trained on: no lesion in its mask on the grid", subject)
            continue
        sample = {"fine": arrays["baseline_fine"], "coarse": arrays["baseline_coarse"], "mask": mask}
        for name, array in sample.items():
            if name not in tensors:
                tensors[name] = torch.empty((len(paths), 1, *array.shape), dtype=_DTYPES[name])
            tensors[name][len(subjects), 0] = torch.from_numpy(array)
        subjects.append(subject)
    if not subjects:
        raise StudyError(
            "no scan with a lesion in its manual mask to train on: name baseline_mask in the participants sheet for "
            f"some of role development ({len(paths)} masks named, none shows a lesion on the grid)"
        )
    return Samples(subjects, **{name: tensor[: len(subjects)] for name, tensor in tensors.items()})


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
) -> tuple[DualScaleUNet, TrainingHistory]:
    """Train one network on the samples; return it with the history of its training.

    A row of the history has the mean loss, the Dice and the ratio of predicted to true lesion volume of one epoch, on
    augmented scans. A training that was interrupted resumes from the checkpoint and ends with the same weights, on a
    CPU bit for bit. Raises StudyError if the loss is not finite, if memory is too small, or if the trained network
    predicts empty masks.
    """
    grid = samples.fine.shape[-1]
    network.check(grid)
    torch.manual_seed(seed)
    model = DualScaleUNet(network, dual=dual).to(device, memory_format=torch.channels_last_3d)
    generator = torch.Generator().manual_seed(seed)
    history = TrainingHistory(epochs=settings.epochs, patience_epochs=settings.patience_epochs)
    with explain_out_of_memory(batch_size=settings.batch_size, grid=grid, settings=SETTINGS_TO_LOWER):
        train(
            SegmentationTraining(model, samples, augmentation, settings, generator, device),
            samples=samples.subjects,
            batch_size=settings.batch_size,
            history=history,
            generator=generator,
            checkpoint=checkpoint,
            checkpoint_every_epochs=settings.checkpoint_every_epochs,
        )
    if history.last["volume_ratio"] == 0:
        checkpoint.remove()
        raise _empty_masks(len(samples.subjects))
    return model.eval(), history


def _empty_masks(count: int) -> StudyError:
    return StudyError(
        f"the network finds no lesion in its own {count} training scans: it learned to predict empty masks. Raise "
        "segmentation.training.lesion_weight or warmup_epochs, or lower learning_rate"
    )


@dataclass
class SegmentationTraining:
    """Network, optimizer and samples of a training, with its training step (see `ichdag.training_loop.train`)."""

    network: DualScaleUNet
    samples: Samples
    augmentation: AugmentationSettings
    settings: TrainingSettings
    generator: torch.Generator
    device: torch.device

    def __post_init__(self) -> None:
        self.optimizer = _optimizer(self.network.parameters(), self.settings)
        self.criterion = DeepSupervisionLoss(self.settings.lesion_weight).to(self.device)

    def stateful(self) -> dict[str, Any]:
        """Return the objects that a checkpoint stores, by name."""
        return {"network": self.network, "optimizer": self.optimizer}

    def start_epoch(self, epoch: int) -> None:
        """Set the network to training mode; the learning rate changes with every step."""
        self.network.train()

    def train_step(self, batch: Batch) -> dict[str, float]:
        """Train on one batch, augmented; return loss, and overlap, predicted and true volume (voxels)."""
        settings = self.settings
        for group in self.optimizer.param_groups:
            group["lr"] = _learning_rate(batch, settings)
        fine, coarse, mask = self.samples.batch(batch.indices, self.device)
        fine, coarse, mask = augment(
            fine, coarse=coarse, mask=mask, settings=self.augmentation, generator=self.generator
        )
        self.optimizer.zero_grad()
        with mixed_precision(self.device, settings.mixed_precision):
            logits = self.network(fine, coarse)
            loss = self.criterion(logits, mask)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 12.0)
        self.optimizer.step()
        lesion = logits[0] > 0
        volumes = {"overlap": mask[lesion].sum().item(), "predicted": lesion.sum().item(), "true": mask.sum().item()}
        return {"loss": loss.item()} | volumes

    def epoch_terms(self, steps: Sequence[tuple[int, dict[str, float]]]) -> dict[str, float]:
        """Return the mean loss of an epoch, and Dice and volume ratio over all of its voxels."""
        total_loss = sum(terms["loss"] * count for count, terms in steps)
        overlap, predicted, true = (sum(terms[name] for _, terms in steps) for name in ("overlap", "predicted", "true"))
        return {
            "loss": total_loss / len(self.samples.subjects),
            "dice": dice_of_volumes(overlap, total=predicted + true, empty=0.0),
            "volume_ratio": predicted / max(true, 1),
        }


def _learning_rate(batch: Batch, settings: TrainingSettings) -> float:
    """Return the learning rate of a step: a linear warm-up times a polynomial decay."""
    warmup = warmup_factor(epoch=batch.epoch + (batch.step + 1) / batch.steps, warmup_epochs=settings.warmup_epochs)
    progress = (batch.epoch + batch.step / batch.steps) / settings.epochs
    return warmup * polynomial_decay(settings.learning_rate, progress=progress)


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
