"""A trained model is a folder: weights (safetensors) or a fitted pipeline (skops, see `pipelines`), and card.json."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ichdag.faults import DamagedResult, reading
from ichdag.jobs import whole_file
from ichdag.machine import versions
from ichdag.records import read_record, write_record


@dataclass(frozen=True)
class Card:
    """What a model is: name, settings, the subjects it was fitted on, input limits, scores, versions, and how it ran.

    `run` says on which device a training ran and for how many seconds; scores hold only what another run would repeat.
    `folds` has, for a model that was cross-validated, the subjects that the fit of each fold saw.
    """

    name: str
    settings: dict[str, Any]
    subjects: list[str]
    limits: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    folds: dict[str, list[str]] = field(default_factory=dict)


def write_card(card: Card, path: str | Path) -> None:
    """Write a card, with the versions of this process where it has none."""
    write_record(asdict(card) | {"versions": card.versions or versions()}, path)


def read_card(path: str | Path) -> Card:
    """Read a card. Raises DamagedResult if the file is not one."""
    record = read_record(path)
    missing = {"name", "settings", "subjects"} - set(record)
    if missing:
        raise DamagedResult(path, f"it is not a model card: it lacks {', '.join(sorted(missing))}")
    with reading(path):
        return Card(**record)


def write_weights(weights: dict[str, Any], path: str | Path) -> None:
    """Write named torch tensors as safetensors, whole."""
    from safetensors.torch import save_file

    with whole_file(path) as partial:
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}, partial)


def read_weights(path: str | Path) -> dict[str, Any]:
    """Read named torch tensors onto the CPU; safetensors holds numbers only, no code runs.

    Raises DamagedResult if the file is not whole.
    """
    from safetensors.torch import load_file

    with reading(path):
        return load_file(path)
