"""What all network trainings share: device, batches, learning rate, history, and checkpoints to resume bit for bit."""

import hashlib
import json
import logging
import math
import os
import pickle
import re
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from ichdag.file_errors import read_or_none
from ichdag.jobs import StudyError, atomic_write

LOGGER = logging.getLogger("ichdag")
# What reading a damaged checkpoint raises.
CHECKPOINT_ERRORS = (zipfile.BadZipFile, OSError, EOFError, RuntimeError, pickle.UnpicklingError)


def find_device(threads: int, *, deterministic: bool = True) -> torch.device:
    """Return the GPU if there is one, else the CPU with this many threads.

    On a CPU two runs are equal bit for bit. On a GPU they are equal if `deterministic`; otherwise the fastest
    convolutions are used.
    """
    torch.set_num_threads(threads)
    torch.backends.cudnn.deterministic = deterministic
    torch.backends.cudnn.benchmark = not deterministic
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    LOGGER.info("device: %s, %d threads", torch.cuda.get_device_name() if device.type == "cuda" else "CPU", threads)
    return device


def mixed_precision(device: torch.device, enabled: bool) -> torch.autocast:
    """Return a bfloat16 autocast context on a GPU if enabled; full precision on a CPU."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled and device.type == "cuda")


def shuffled_batches(count: int, size: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Yield the indices of one epoch: each of 0..count-1 once, in random order, `size` at a time."""
    yield from torch.randperm(count, generator=generator).split(size)


def draw_mirror_axes(count: int, probability: float, generator: torch.Generator) -> list[list[int]]:
    """Draw the dimensions to mirror each of `count` images (1, c, X, Y, Z) along, each with this probability."""
    drawn = torch.rand(count, 3, generator=generator) < probability
    return [[2 + axis for axis in range(3) if row[axis]] for row in drawn.tolist()]


def polynomial_decay(initial_lr: float, *, progress: float, power: float = 0.9) -> float:
    """Return the learning rate at a `progress` (0 to 1) of the training (nnU-Net: Isensee et al., Nat Methods 2021)."""
    return initial_lr * (1 - progress) ** power


def warmup_factor(*, epoch: float, warmup_epochs: int) -> float:
    """Return the factor of the learning rate at a fractional epoch: it rises linearly to 1 over `warmup_epochs`."""
    return min(1.0, epoch / warmup_epochs) if warmup_epochs else 1.0


def check_finite(losses: Mapping[str, float], *, epoch: int, subjects: Sequence[str]) -> None:
    """Raise StudyError if a loss is not finite; `subjects` are those of the batch."""
    invalid = [name for name, value in losses.items() if not math.isfinite(value)]
    if invalid:
        raise StudyError(
            f"training broke down in epoch {epoch + 1} on {', '.join(subjects)}: {', '.join(invalid)} is not finite. "
            "Lower the learning rate, or turn mixed precision off; the last checkpoint is from before it"
        )


@contextmanager
def explain_out_of_memory(*, batch_size: int, grid: int, settings: Sequence[str]) -> Iterator[None]:
    """Raise out-of-memory errors of the context as a StudyError with batch size, grid size and settings to lower."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not _is_out_of_memory(error):
            raise
        raise StudyError(
            f"out of memory with batches of {batch_size} and grids of {grid}^3 voxels. Lower {', '.join(settings)}, or "
            "ask for more memory (profiles: set-resources)"
        ) from error


def _is_out_of_memory(error: RuntimeError) -> bool:
    """Return whether PyTorch had too little memory: on a GPU, or on a CPU, where it raises a plain RuntimeError."""
    on_cpu = re.search("allocate memory|not enough memory", str(error))
    return isinstance(error, torch.OutOfMemoryError) or on_cpu is not None


class TrainingHistory:
    """The losses of every epoch of a training, logged with the time left; saved in the checkpoint."""

    def __init__(self, *, epochs: int, patience_epochs: int):
        self.epochs = epochs
        self.patience_epochs = patience_epochs
        self.rows: list[dict[str, float]] = []
        self.seconds = 0.0
        self.started = time.monotonic()

    @property
    def last(self) -> dict[str, float]:
        """Return the mean losses of the last epoch."""
        return self.rows[-1]

    def add(self, losses: Mapping[str, float]) -> None:
        """Append and log the mean losses of one epoch."""
        self.rows.append(dict(losses))
        now = time.monotonic()
        self.seconds = self.seconds + now - self.started
        self.started = now
        LOGGER.info("epoch %d of %d: %s", len(self.rows), self.epochs, _describe_last_epoch(self))

    def should_continue(self) -> bool:
        """Return whether epochs are left and the loss still falls (early stopping).

        The loss falls if its moving average (weight 0.1 for each new epoch, as in nnU-Net) reached its minimum within
        the last `patience_epochs` (0: never stop early). ASSUME: the training loss decides, because the left-out fold
        must not take part in the training of the network that is evaluated on it.
        """
        if len(self.rows) >= self.epochs or not self.patience_epochs or not self.rows:
            return len(self.rows) < self.epochs
        average, best, epochs_since_best = self.rows[0]["loss"], math.inf, 0
        for row in self.rows:
            average = 0.9 * average + 0.1 * row["loss"]
            best, epochs_since_best = (average, 0) if average < best else (best, epochs_since_best + 1)
        if epochs_since_best >= self.patience_epochs:
            LOGGER.info("stopped after %d epochs: the loss has not fallen for %d", len(self.rows), epochs_since_best)
        return epochs_since_best < self.patience_epochs

    def state_dict(self) -> dict[str, Any]:
        """Return what the checkpoint stores."""
        return {"rows": self.rows, "seconds": self.seconds}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what the checkpoint stored."""
        self.rows, self.seconds, self.started = state["rows"], state["seconds"], time.monotonic()


def learning_curve(history: TrainingHistory, *, model: str) -> pd.DataFrame:
    """Return the learning curve (schema curves): model, epoch (from 1), term, value."""
    rows = [(model, n, term, value) for n, row in enumerate(history.rows, 1) for term, value in row.items()]
    return pd.DataFrame(rows, columns=["model", "epoch", "term", "value"])


def describe_run(history: TrainingHistory, *, device: torch.device) -> dict[str, Any]:
    """Return device, number of epochs and duration in seconds, for the model card."""
    cpu = f"CPU, {torch.get_num_threads()} threads"
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else cpu
    return {"device": name, "epochs": len(history.rows), "seconds": round(history.seconds, 1)}


def _describe_last_epoch(history: TrainingHistory) -> str:
    """Return the losses of the last epoch and the time left, in words."""
    seconds_per_epoch = history.seconds / len(history.rows)
    left = time.strftime("%H:%M:%S", time.gmtime(seconds_per_epoch * (history.epochs - len(history.rows))))
    values = ", ".join(f"{name} {value:.4f}" for name, value in history.last.items())
    return f"{values}; {seconds_per_epoch:.1f} s an epoch, {left} left"


class Checkpoint:
    """The state of a training on disk, kept outside Snakemake's outputs, which it removes when a job fails.

    It stores the state of network, optimizer, history and random generator. Its file name has a digest of the
    configuration (settings, subjects, code) and of the data (tensors and names). A training with another configuration
    or other data starts from the beginning and leaves this file alone; a training with the same ones resumes from it.
    The previous checkpoint is kept too: it is used if the newest cannot be read (for example after a full disk).
    bfloat16 needs no gradient scaler, so there is none to restore.
    """

    def __init__(self, path: str | Path, *, configuration: Mapping[str, Any], data: Mapping[str, Any]):
        path = Path(path)
        self.configuration = json.dumps(configuration, sort_keys=True)
        digest = _digest(self.configuration, data)
        self.all_configurations = path.with_name(f"{path.stem}-*{path.suffix}")
        self.path = path.with_name(f"{path.stem}-{digest}{path.suffix}")
        self.previous = path.with_name(f"{path.stem}-{digest}.before{path.suffix}")

    def resume(self, generator: torch.Generator, **objects: Any) -> int:
        """Load the state into the objects and the generator; return the epochs done (0 without a checkpoint)."""
        path, state = self._newest()
        if state is None:
            others = sorted({*self._all_paths()} - {self.path, self.previous})
            if others:
                LOGGER.info("training begins anew: %s are of other settings, subjects, scans or code", others)
            return 0
        for name, stateful in objects.items():
            stateful.load_state_dict(state["parts"][name])
        generator.set_state(state["generator"])
        LOGGER.info("resumed from %s: %d epochs done", path, state["epochs"])
        return state["epochs"]

    def save(self, epochs: int, generator: torch.Generator, **objects: Any) -> None:
        """Write the state after `epochs` epochs as a whole file; keep the previous one."""
        state = {
            "configuration": self.configuration,
            "epochs": epochs,
            "generator": generator.get_state(),
            "parts": {name: stateful.state_dict() for name, stateful in objects.items()},
        }
        with atomic_write(self.path) as partial:
            with open(partial, "wb") as stream:
                torch.save(state, stream)
            if self.path.exists():
                os.replace(self.path, self.previous)

    def remove(self) -> None:
        """Remove the checkpoints of this training, of all configurations, once the model is written."""
        for path in self._all_paths():
            path.unlink(missing_ok=True)

    def _all_paths(self) -> list[Path]:
        """List the checkpoints of this training, of all configurations."""
        return list(self.all_configurations.parent.glob(self.all_configurations.name))

    def _newest(self) -> tuple[Path, dict[str, Any] | None]:
        """Return path and state of the newest checkpoint that can be read; the state is None if there is none.

        Only damaged files are skipped. A file that the machine cannot read now raises its error: resuming from the
        previous checkpoint would cost hours.
        """
        for path in filter(Path.is_file, (self.path, self.previous)):
            state = read_or_none(_load, path, damaged=CHECKPOINT_ERRORS)
            if state is not None:
                return path, state
        return self.path, None


def _load(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:  # torch.load does not notice bytes that were overwritten
        if damaged_member := archive.testzip():
            raise zipfile.BadZipFile(f"{damaged_member} is damaged")
    return torch.load(path, map_location="cpu", weights_only=True)


def _digest(configuration: str, data: Mapping[str, Any]) -> str:
    """Return the digest of settings and of named tensors or lists of names."""
    digest = hashlib.sha256(configuration.encode())
    for name, value in data.items():
        digest.update(name.encode())
        digest.update(value.numpy().tobytes() if isinstance(value, torch.Tensor) else repr(value).encode())
    return digest.hexdigest()[:12]
