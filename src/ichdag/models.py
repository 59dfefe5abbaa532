"""A trained model is a folder: weights (safetensors) or a fitted pipeline (skops, see `pipelines`), and card.json.

Weights describe themselves: the header of the file holds the identity of the training (its settings, subjects
and code) and a digest of all numbers, so no other file has to be read.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_origin

from ichdag.file_errors import DamagedResult, damaged_result_on_error
from ichdag.jobs import atomic_write
from ichdag.machine import package_versions
from ichdag.records import read_record, write_record

METADATA_KEY = "ichdag"  # a single key, because safetensors writes several in any order
HEADER_TYPES = {"identity": dict, "sha256": str, "beside": dict}  # what the metadata hold


@dataclass(frozen=True)
class ModelCard:
    """What a model is: name, settings, the subjects it was fitted on, input limits, scores and versions.

    It holds only what another run would repeat; on which device a training ran and for how long lies beside it.
    `folds` has, for a model that was cross-validated, the subjects that the fit of each fold saw.
    """

    name: str
    settings: dict[str, Any]
    subjects: list[str]
    limits: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    folds: dict[str, list[str]] = field(default_factory=dict)


def write_card(card: ModelCard, path: str | Path) -> None:
    """Write a card, with the versions of this process where it has none."""
    write_record(asdict(card) | {"versions": card.versions or package_versions()}, path)


def read_card(path: str | Path) -> ModelCard:
    """Read a card. Raises DamagedResult if the file is not one."""
    record = read_record(path)
    missing = {"name", "settings", "subjects"} - set(record)
    if missing:
        raise DamagedResult(path, f"it is not a model card: it lacks {', '.join(sorted(missing))}")
    with damaged_result_on_error(path):
        card = ModelCard(**record)
    wrong = [part.name for part in fields(ModelCard) if not _is_of_type(getattr(card, part.name), part.type)]
    if wrong:
        raise DamagedResult(path, f"it is not a model card: {', '.join(wrong)} is of another kind")
    return card


def _is_of_type(value: Any, type_: Any) -> bool:
    return isinstance(value, get_origin(type_) or type_)


def write_weights(
    weights: dict[str, Any], path: str | Path, *, identity: dict[str, Any], companions: Iterable[str | Path] = ()
) -> None:
    """Write named torch tensors as safetensors, whole, with the identity of their training in the header.

    `companions` are files of the same folder that belong to them (card, curve), written before: their digests are kept,
    and weights are refused if one of these files is lost or was changed (`check_companions`).
    """
    from safetensors.torch import save_file

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    files = {Path(file).name: file_digest(Path(file)) for file in companions}
    metadata = {"identity": identity, "sha256": _digest(tensors), "beside": files}
    with atomic_write(path) as partial:
        save_file(tensors, partial, metadata={METADATA_KEY: json.dumps(metadata, sort_keys=True)})


def write_model(card: ModelCard, weights: dict[str, Any], *, run: dict[str, Any], files: Any) -> None:
    """Write card, run and weights of a trained network to `files.card`, `files.run` and `files.weights`, these last.

    The card's settings are the identity of the training, `run` tells how it ran (device, epochs, seconds);
    `files.curve` and `files.data` must have been written.
    """
    write_record(run, files.run)
    write_card(card, files.card)
    write_weights(weights, files.weights, identity=card.settings, companions=[files.card, files.curve, files.data])


def read_weights(path: str | Path) -> dict[str, Any]:
    """Read named torch tensors onto the CPU; safetensors holds numbers only, no code runs.

    Raises DamagedResult if the file is not whole, or the numbers are not those that were written.
    """
    from safetensors.torch import load_file

    with damaged_result_on_error(path):
        metadata = _read_header(path)
        tensors = load_file(path)
    if _digest(tensors) != metadata["sha256"]:
        raise DamagedResult(path, "its numbers are not those that were written")
    return tensors


def read_identity(path: str | Path) -> dict[str, Any]:
    """Read the identity of the training that weights come from, out of the file's header alone.

    Needs neither torch nor safetensors. Raises DamagedResult if the file is cut short or is no weights file of
    this workflow.
    """
    return _read_header(path)["identity"]


def check_companions(path: str | Path) -> None:
    """Raise DamagedResult if a file that belongs to weights is not beside them as it was written."""
    for name, digest in _read_header(path)["beside"].items():
        file = Path(path).with_name(name)
        if not file.is_file() or file_digest(file) != digest:
            raise DamagedResult(file, "it is another than was written" if file.is_file() else "it is lost")


def _read_header(path: str | Path) -> dict[str, Any]:
    """Read the metadata in the header of a weights file (format: 8 bytes of length, JSON, numbers)."""
    size = Path(path).stat().st_size
    try:
        with open(path, "rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(length) if length < size else b"")
        metadata = json.loads(header.pop("__metadata__")[METADATA_KEY])
        whole = 8 + length + max(tensor["data_offsets"][1] for tensor in header.values())
        kinds = {name: type(metadata[name]) for name in HEADER_TYPES}
        beside = [name for name in metadata["beside"] if Path(name).name != name]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedResult(path, f"{size} bytes that are no weights") from error
    if kinds != HEADER_TYPES or beside:
        raise DamagedResult(path, f"{size} bytes that are no weights of this workflow")
    if size != whole:
        raise DamagedResult(path, f"it has {size} bytes, {whole} were written")
    return metadata


def file_digest(path: str | Path) -> str:
    """SHA-256 of a file, as `sha256sum` prints it."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _digest(tensors: dict[str, Any]) -> str:
    """Compute the digest of named tensors: names, types, shapes and all numbers."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tuple(tensors[name].shape)}".encode())
        digest.update(tensors[name].numpy().tobytes())
    return digest.hexdigest()
