"""What every network training shares: device, batches, decay, its course, and a checkpoint that resumes bit for bit."""

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
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from ichdag.faults import read_or_none
from ichdag.jobs import StudyError, whole_file

LOGGER = logging.getLogger("ichdag")
DAMAGED = (zipfile.BadZipFile, OSError, EOFError, RuntimeError, pickle.UnpicklingError)  # a checkpoint's


def find_device(threads: int, *, deterministic: bool = True) -> torch.device:
    """The GPU if there is one, else the CPU with this many threads.

    On a CPU two runs are equal bit for bit. On a GPU they are if `deterministic`, else the fastest convolutions serve.
    """
    torch.set_num_threads(threads)
    torch.backends.cudnn.deterministic = deterministic
    torch.backends.cudnn.benchmark = not deterministic
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    LOGGER.info("device: %s, %d threads", torch.cuda.get_device_name() if device.type == "cuda" else "CPU", threads)
    return device


def mixed_precision(device: torch.device, wanted: bool) -> torch.autocast:
    """A bfloat16 autocast context on a GPU if wanted; full precision on a CPU."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=wanted and device.type == "cuda")


def shuffled_batches(count: int, size: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Indices of one epoch: all of 0..count-1 once, in random order, `size` at a time."""
    yield from torch.randperm(count, generator=generator).split(size)


def draw_mirrors(count: int, chance: float, generator: torch.Generator) -> list[list[int]]:
    """For each of `count` images (1, c, X, Y, Z) the dimensions it is mirrored along, each with this chance."""
    drawn = torch.rand(count, 3, generator=generator) < chance
    return [[2 + axis for axis in range(3) if row[axis]] for row in drawn.tolist()]


def polynomial_decay(start: float, *, done: float, power: float = 0.9) -> float:
    """Learning rate after the part `done` (0 to 1) of the training (nnU-Net: Isensee et al., Nat Methods 2021)."""
    return start * (1 - done) ** power


def warm_up(*, epoch: float, warmup_epochs: int) -> float:
    """Factor of the learning rate at a (broken) epoch: rises linearly to 1 over the first `warmup_epochs`."""
    return min(1.0, epoch / warmup_epochs) if warmup_epochs else 1.0


def refuse_nan(losses: Mapping[str, float], *, epoch: int, subjects: Sequence[str]) -> None:
    """Raise StudyError if a loss of a batch of these subjects is no longer finite."""
    broken = [name for name, value in losses.items() if not math.isfinite(value)]
    if broken:
        raise StudyError(
            f"training broke down in epoch {epoch + 1} on {', '.join(subjects)}: {', '.join(broken)} is not finite. "
            "Lower the learning rate, or turn mixed precision off; the last checkpoint is from before it"
        )


def memory_for(*, batch_size: int, grid: int, lower: Sequence[str]) -> AbstractContextManager[None]:
    """Within it, want of memory is a StudyError that names batch and grid size, and the settings to lower."""
    return _OutOfMemory(
        StudyError(
            f"out of memory with batches of {batch_size} and grids of {grid}^3 voxels. Lower {', '.join(lower)}, or "
            "ask for more memory (profiles: set-resources)"
        )
    )


class _OutOfMemory(AbstractContextManager):
    def __init__(self, fault: StudyError):
        self.fault = fault

    def __exit__(self, kind, error, trace) -> None:
        wanting = isinstance(error, (MemoryError, torch.OutOfMemoryError))
        if wanting or isinstance(error, RuntimeError) and re.search("allocate memory|not enough memory", str(error)):
            raise self.fault from error


class Course:
    """The course of a training: the losses of every epoch, logged with the time left; a part of the checkpoint."""

    def __init__(self, *, epochs: int, patience_epochs: int):
        self.epochs, self.patience_epochs = epochs, patience_epochs
        self.rows: list[dict[str, float]] = []
        self.seconds = 0.0
        self.began = time.monotonic()

    @property
    def last(self) -> dict[str, float]:
        """The mean losses of the last epoch."""
        return self.rows[-1]

    def add(self, losses: Mapping[str, float]) -> None:
        """Keep and log the mean losses of one more epoch."""
        self.rows.append(dict(losses))
        now = time.monotonic()
        self.seconds, self.began = self.seconds + now - self.began, now
        LOGGER.info("epoch %d of %d: %s", len(self.rows), self.epochs, _progress(self))

    def goes_on(self) -> bool:
        """Whether there are epochs left, and the loss still falls.

        It falls if its moving average (a tenth of every new epoch, as nnU-Net's) had its minimum within the last
        `patience_epochs` (0: never stop before the end). ASSUME: the training loss decides, for the left-out fold must
        not take part in the training of the network that is judged on it.
        """
        if len(self.rows) >= self.epochs or not self.patience_epochs or not self.rows:
            return len(self.rows) < self.epochs
        average, best, since = self.rows[0]["loss"], math.inf, 0
        for row in self.rows:
            average = 0.9 * average + 0.1 * row["loss"]
            best, since = (average, 0) if average < best else (best, since + 1)
        if since >= self.patience_epochs:
            LOGGER.info("stopped after %d epochs: the loss has not fallen for %d", len(self.rows), since)
        return since < self.patience_epochs

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"rows": self.rows, "seconds": self.seconds}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what a checkpoint kept."""
        self.rows, self.seconds, self.began = state["rows"], state["seconds"], time.monotonic()


def learning_curve(course: Course, *, model: str) -> pd.DataFrame:
    """The learning curve, schema curves: model, epoch (from 1), term, value."""
    rows = [(model, n, term, value) for n, row in enumerate(course.rows, 1) for term, value in row.items()]
    return pd.DataFrame(rows, columns=["model", "epoch", "term", "value"])


def describe_run(course: Course, *, device: torch.device) -> dict[str, Any]:
    """For the model's card: how many epochs, for how long, on which device."""
    cpu = f"CPU, {torch.get_num_threads()} threads"
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else cpu
    return {"device": name, "epochs": len(course.rows), "seconds": round(course.seconds, 1)}


def _progress(course: Course) -> str:
    """The losses of the last epoch, and the time a training takes, in words."""
    each = course.seconds / len(course.rows)
    left = time.strftime("%H:%M:%S", time.gmtime(each * (course.epochs - len(course.rows))))
    values = ", ".join(f"{name} {value:.4f}" for name, value in course.last.items())
    return f"{values}; {each:.1f} s an epoch, {left} left"


class Checkpoint:
    """Where a training stands, on disk: kept outside Snakemake's outputs, which it removes when a job fails.

    It holds the state of every part (network, optimizer, course) and of the random generator. Its name bears a digest
    of the configuration (settings, subjects, code) and the data (tensors and names) it belongs to: another one begins
    anew and leaves it alone, for the mixture would be neither of the two; back at the old one, it goes on. The one
    before it is kept too: where the newest cannot be read (cut short by a full or lost disk), that one serves. bfloat16
    needs no gradient scaler, so there is none to restore.
    """

    def __init__(self, path: str | Path, *, configuration: Mapping[str, Any], data: Mapping[str, Any]):
        path, self.configuration = Path(path), json.dumps(configuration, sort_keys=True)
        digest = _digest(self.configuration, data)
        self.family = path.with_name(f"{path.stem}-*{path.suffix}")
        self.path = path.with_name(f"{path.stem}-{digest}{path.suffix}")
        self.before = path.with_name(f"{path.stem}-{digest}.before{path.suffix}")

    def resume(self, generator: torch.Generator, **parts: Any) -> int:
        """Load the state into the parts and the generator; return the epochs done (0 without a checkpoint)."""
        path, state = self._newest()
        if state is None:
            others = sorted({*self._all()} - {self.path, self.before})
            if others:
                LOGGER.info("training begins anew: of other settings, subjects, scans or code are %s", others)
            return 0
        for name, part in parts.items():
            part.load_state_dict(state["parts"][name])
        generator.set_state(state["generator"])
        LOGGER.info("resumed from %s: %d epochs done", path, state["epochs"])
        return state["epochs"]

    def save(self, epochs: int, generator: torch.Generator, **parts: Any) -> None:
        """Write the state after `epochs` epochs, whole; the one before it is kept."""
        state = {
            "configuration": self.configuration,
            "epochs": epochs,
            "generator": generator.get_state(),
            "parts": {name: part.state_dict() for name, part in parts.items()},
        }
        with whole_file(self.path) as partial:
            with open(partial, "wb") as stream:
                torch.save(state, stream)
            if self.path.exists():
                os.replace(self.path, self.before)

    def remove(self) -> None:
        """Remove it, the one before it and those of other configurations, once the model is written."""
        for path in self._all():
            path.unlink(missing_ok=True)

    def _all(self) -> list[Path]:
        """The checkpoints of this training, of whatever configuration."""
        return list(self.family.parent.glob(self.family.name))

    def _newest(self) -> tuple[Path, dict[str, Any] | None]:
        """The newest checkpoint that can be read, and its path; None if there is none.

        An older state costs hours: one that the machine cannot read now is not passed over.
        """
        for path in filter(Path.is_file, (self.path, self.before)):
            state = read_or_none(_load, path, damaged=DAMAGED)
            if state is not None:
                return path, state
        return self.path, None


def _load(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:  # torch.load takes what was overwritten within for good
        if spoiled := archive.testzip():
            raise zipfile.BadZipFile(f"{spoiled} is damaged")
    return torch.load(path, map_location="cpu", weights_only=True)


def _digest(configuration: str, data: Mapping[str, Any]) -> str:
    """Digest of settings and of named tensors or lists of names."""
    digest = hashlib.sha256(configuration.encode())
    for name, value in data.items():
        digest.update(name.encode())
        digest.update(value.numpy().tobytes() if isinstance(value, torch.Tensor) else repr(value).encode())
    return digest.hexdigest()[:12]
