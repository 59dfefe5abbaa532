"""What every network training shares: device, batches, decay, progress, and a checkpoint that resumes bit for bit."""

import json
import logging
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from ichdag.jobs import StudyError, whole_file

LOGGER = logging.getLogger("ichdag")


def find_device(threads: int) -> torch.device:
    """The GPU if there is one, else the CPU with this many threads; convolutions are deterministic on both."""
    torch.set_num_threads(threads)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    LOGGER.info("device: %s, %d threads", torch.cuda.get_device_name() if device.type == "cuda" else "CPU", threads)
    return device


def mixed_precision(device: torch.device, wanted: bool) -> torch.autocast:
    """A bfloat16 autocast context on a GPU if wanted; full precision on a CPU."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=wanted and device.type == "cuda")


def shuffled_batches(count: int, size: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Indices of one epoch: all of 0..count-1 once, in random order, `size` at a time."""
    yield from torch.randperm(count, generator=generator).split(size)


def polynomial_decay(start: float, *, done: float, power: float = 0.9) -> float:
    """Learning rate after the part `done` (0 to 1) of the training (nnU-Net: Isensee et al., Nat Methods 2021)."""
    return start * (1 - done) ** power


def warm_up(*, epoch: float, warmup_epochs: int) -> float:
    """Factor of the learning rate at a (broken) epoch: rises linearly to 1 over the first `warmup_epochs`."""
    return min(1.0, epoch / warmup_epochs) if warmup_epochs else 1.0


def refuse_nan(losses: Mapping[str, float], *, epoch: int) -> None:
    """Raise StudyError if a loss is no longer finite."""
    broken = [name for name, value in losses.items() if not math.isfinite(value)]
    if broken:
        raise StudyError(
            f"training broke down in epoch {epoch + 1}: {', '.join(broken)} is not finite. Lower the learning rate, or "
            "turn mixed precision off; the last checkpoint is from before it"
        )


class Progress:
    """Logs each epoch with its losses and the time left."""

    def __init__(self, *, first: int, epochs: int):
        self.first, self.epochs, self.began = first, epochs, time.monotonic()

    def log(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Log epoch `epoch` (from 0) with its mean losses."""
        each = (time.monotonic() - self.began) / (epoch + 1 - self.first)
        left = time.strftime("%H:%M:%S", time.gmtime(each * (self.epochs - epoch - 1)))
        values = ", ".join(f"{name} {value:.4f}" for name, value in losses.items())
        LOGGER.info("epoch %d of %d: %s; %.1f s an epoch, %s left", epoch + 1, self.epochs, values, each, left)


class Checkpoint:
    """Where a training stands, on disk: kept outside Snakemake's outputs, which it removes when a job fails.

    It holds the state of every part (network, optimizer), of the random generator, the epoch, and the configuration
    it belongs to; a training with another configuration is refused, for the mixture would be neither of the two.
    """

    def __init__(self, path: str | Path, *, configuration: Mapping[str, Any]):
        self.path = Path(path)
        self.configuration = json.loads(json.dumps(configuration))

    def resume(self, generator: torch.Generator, **parts: Any) -> int:
        """Load the state into the parts and the generator; return the number of epochs done (0 without a checkpoint).

        Raises StudyError if the checkpoint belongs to another configuration, naming every difference.
        """
        if not self.path.is_file():
            return 0
        state = torch.load(self.path, map_location="cpu", weights_only=True)
        differences = _differences(json.loads(state["configuration"]), self.configuration)
        if differences:
            raise StudyError(
                f"checkpoint {self.path} belongs to another configuration:\n  " + "\n  ".join(differences) + "\n"
                "Restore that configuration to go on with it, or delete the checkpoint to train from the beginning"
            )
        for name, part in parts.items():
            part.load_state_dict(state["parts"][name])
        generator.set_state(state["generator"])
        LOGGER.info("resumed from %s: %d epochs done", self.path, state["epochs"])
        return state["epochs"]

    def save(self, epochs: int, generator: torch.Generator, **parts: Any) -> None:
        """Write the state after `epochs` epochs, whole: a kill leaves the checkpoint before it."""
        state = {
            "configuration": json.dumps(self.configuration),
            "epochs": epochs,
            "generator": generator.get_state(),
            "parts": {name: part.state_dict() for name, part in parts.items()},
        }
        with whole_file(self.path) as partial:
            torch.save(state, partial)

    def remove(self) -> None:
        """Remove it, once the model is written."""
        self.path.unlink(missing_ok=True)


def _differences(then: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> list[str]:
    """One line for each key whose value differs: `settings.learning_rate: 0.1 in the checkpoint, 0.2 now`."""
    lines = []
    for key in sorted({*then, *now}):
        one, other = then.get(key), now.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            lines += _differences(one, other, f"{prefix}{key}.")
        elif one != other:
            lines.append(f"{prefix}{key}: {_short(one)} in the checkpoint, {_short(other)} now")
    return lines


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:70]}... ({len(value)} items)"
