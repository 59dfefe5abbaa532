"""The loop of all network trainings: epochs of random batches, history, checkpoints, and a check for finite losses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from ichdag.training import Checkpoint, TrainingHistory, check_finite, shuffled_batches


@dataclass(frozen=True)
class Batch:
    """One batch of an epoch: indices of its samples, the epoch (from 0), the step (from 0) and the steps an epoch."""

    indices: torch.Tensor
    epoch: int
    step: int
    steps: int


class NetworkTraining(Protocol):
    """What a stage supplies to `train`: its networks and optimizers, one training step, and the terms of an epoch."""

    def stateful(self) -> dict[str, Any]:
        """Return the objects that a checkpoint stores, by name: networks and optimizers."""

    def start_epoch(self, epoch: int) -> None:
        """Prepare an epoch (from 0): training mode, learning rates."""

    def train_step(self, batch: Batch) -> dict[str, float]:
        """Train on one batch; return its terms, such as the loss."""

    def epoch_terms(self, steps: Sequence[tuple[int, dict[str, float]]]) -> dict[str, float]:
        """Return the row of the history, from the number of samples and the terms of every step of an epoch."""


def train(
    training: NetworkTraining,
    *,
    samples: Sequence[str],
    batch_size: int,
    history: TrainingHistory,
    generator: torch.Generator,
    checkpoint: Checkpoint,
    checkpoint_every_epochs: int,
) -> None:
    """Train until the history says to stop: in every epoch each sample is used once, in random batches.

    `samples` are the names of the samples, for errors. It resumes from the checkpoint. Raises StudyError if a term is
    not finite.
    """
    objects = training.stateful() | {"history": history}
    epoch = checkpoint.resume(generator, **objects)
    while history.should_continue():
        training.start_epoch(epoch)
        batches = list(shuffled_batches(len(samples), batch_size, generator))
        steps = []
        for step, indices in enumerate(batches):
            terms = training.train_step(Batch(indices, epoch, step, len(batches)))
            check_finite(terms, epoch=epoch, subjects=[samples[index] for index in indices.tolist()])
            steps.append((len(indices), terms))
        history.add(training.epoch_terms(steps))
        epoch += 1
        if epoch % checkpoint_every_epochs == 0:
            checkpoint.save(epoch, generator, **objects)
