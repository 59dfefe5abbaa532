"""The frozen model: one folder with networks, reductions, classifiers and the settings they were made with.

Its card.json, which is written last, has size and SHA-256 of every part and a SHA-256 of its own content. A folder that
differs from its card is refused, so that an incomplete or changed model never predicts.
"""

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ichdag.constants import BLOCKS, FEATURE_SETS
from ichdag.jobs import StudyError
from ichdag.machine import package_versions
from ichdag.models import ModelCard, read_card
from ichdag.prediction.parts import CARD, FILE_NAME, SHOWN_DIGITS, Part, copy_part, differences, files_of
from ichdag.records import read_record, write_record

LOGGER = logging.getLogger("ichdag")
OUTCOME = re.compile(r"(?!.*?(.{1,3})\1{19}$)[a-z][a-z0-9_]{0,63}")  # as config/schemas/config.schema.json has it
CURE = "In a study, delete {folder} and run again: the model is frozen anew. Elsewhere, fetch the folder anew"


@dataclass(frozen=True)
class FrozenModel:
    """A frozen model that was verified against its card: the card, and the path of each part."""

    card: ModelCard
    files: dict[str, Path]


def model_files(features: str, *, outcomes: Iterable[str]) -> dict[str, str]:
    """Return the parts of a model of this feature set, with the file name of each part.

    Raises StudyError if there is no such feature set, or if the name of an outcome is not allowed (it becomes a part of
    file names).
    """
    if features not in FEATURE_SETS:
        raise StudyError(f"there is no feature set '{features}', only {', '.join(FEATURE_SETS)}")
    files: dict[str, str] = {}
    for network in ("segmentation", "vaegan"):
        files |= {network: f"network_{network}.safetensors", f"{network}_card": f"network_{network}.json"}
    for block in BLOCKS:
        if block in FEATURE_SETS[features]:
            files |= {f"reduction/{block}": f"reduction_{block}.skops"}
            files |= {f"reduction_card/{block}": f"reduction_{block}.json"}
    for outcome in outcomes:
        if not OUTCOME.fullmatch(str(outcome)):
            raise StudyError(f"'{outcome}' cannot be an outcome's name: it is a-z, 0-9 and _, a letter first")
        files |= {f"classifier/{outcome}": f"outcome_{outcome}.skops"}
        files |= {f"classifier_card/{outcome}": f"outcome_{outcome}.json"}
    return files | {"parameters": "radiomics.yaml"}


def freeze(
    folder: str | Path, *, sources: Mapping[str, str | Path], outcomes: list[str], settings: dict[str, Any]
) -> ModelCard:
    """Copy every part to a folder, after an older model in it is removed, and write the card last.

    `sources` has the path of each part of `model_files`; `settings` are those of all stages that the prediction uses,
    with the feature set as settings['features'].
    """
    folder = Path(folder)
    files = model_files(settings["features"], outcomes=outcomes)
    cards = {Path(file).stem: read_card(sources[part]) for part, file in files.items() if file.endswith(".json")}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD).unlink(missing_ok=True)  # first: a card must never be in a folder with parts of another model
    for path in [*files_of(folder), *folder.glob(".partial-*")]:
        path.unlink()
    parts = {part: copy_part(sources[part], folder / file) for part, file in files.items()}
    subjects = sorted({subject for card in cards.values() for subject in card.subjects})
    limits = {"outcomes": list(outcomes), "min_lesion_ml": settings["cohort"]["min_lesion_ml"]}
    scores = {name: card.scores for name, card in cards.items()}
    card = ModelCard("frozen", settings, subjects, limits, scores, package_versions())
    write_frozen_card(card, folder, parts=parts)
    return card


def write_frozen_card(card: ModelCard, folder: Path, *, parts: Mapping[str, Part]) -> None:
    """Write the card of a frozen model, with its parts by name and the SHA-256 of its content."""
    parts_by_name = {name: asdict(part) for name, part in parts.items()}
    content = json.loads(json.dumps(asdict(card) | {"parts": parts_by_name}))
    write_record(content | {"sha256": _digest(content)}, folder / CARD)


def load_frozen(folder: str | Path) -> FrozenModel:
    """Verify a frozen model against its card and return it.

    Raises StudyError, with each difference and what to do, if a part is missing or changed, if a file is not a part of
    the model, or if the card is missing, damaged or changed.
    """
    folder = Path(folder)
    content = _content(folder)
    try:
        parts = {name: Part(**part) for name, part in content["parts"].items()}
        card = ModelCard(**{field.name: content[field.name] for field in fields(ModelCard) if field.name in content})
        expected = model_files(card.settings["features"], outcomes=card.limits["outcomes"])
        bad_names = [part.file for part in parts.values() if not FILE_NAME.fullmatch(part.file)]
    except (AttributeError, KeyError, TypeError, StudyError) as error:
        raise _refusal(folder, f"holds no model of this version of ichdag: {error}") from error
    if mismatched := sorted(set(parts) ^ set(expected)) + bad_names:
        raise _refusal(
            folder, f"holds no model of this version of ichdag: {CARD} names or lacks {', '.join(mismatched)}"
        )
    faults = differences(folder, parts.values())
    if faults:
        raise _refusal(folder, "is not the model that was frozen:\n  " + "\n  ".join(faults))
    return FrozenModel(card, {name: folder / part.file for name, part in parts.items()})


def is_spoiled(folder: str | Path, *, files: Iterable[str]) -> bool:
    """Return whether a model is complete but differs from the one that was frozen: then it is frozen again.

    Snakemake notices a part that is missing or newer, but not a part that was changed and kept its modification time.
    """
    if not all((Path(folder) / file).exists() for file in [CARD, *files]):
        return False
    try:
        load_frozen(folder)
    except StudyError as error:
        LOGGER.warning("%s", error)
        return True
    return False


def _content(folder: Path) -> dict[str, Any]:
    """Return the content of the card of a frozen model. Raises StudyError if it is missing, damaged or changed."""
    try:
        content = read_record(folder / CARD)
    except FileNotFoundError as error:
        raise _refusal(folder, f"holds no frozen model: {CARD} is missing") from error
    except (ValueError, StudyError) as error:
        raise _refusal(folder, f"holds no frozen model: {CARD} cannot be read ({error})") from error
    stated = content.pop("sha256", None) if isinstance(content, dict) else None
    if not isinstance(stated, str):
        raise _refusal(folder, f"holds no model that can be verified: {CARD} has no digests")
    current = _digest(content)
    if current != stated:
        change = f"its content has sha256 {current[:SHOWN_DIGITS]} (frozen: {stated[:SHOWN_DIGITS]})"
        raise _refusal(folder, f"is not the model that was frozen:\n  {CARD} was changed, {change}")
    return content


def _refusal(folder: Path, words: str) -> StudyError:
    return StudyError(f"{folder} {words}\n{CURE.format(folder=folder)}")


def _digest(content: dict[str, Any]) -> str:
    """Return the SHA-256 of the content of a record, independent of its layout."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
