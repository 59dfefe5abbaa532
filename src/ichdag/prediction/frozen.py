"""The frozen model: one folder with networks, reductions, classifiers and the settings they were made with.

Its card.json names every part with size and digest, and carries a digest of itself; it is written last. A folder that
differs from its card is refused: a freezing that was cut short, or a part that was changed since, never predicts.
"""

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ichdag.jobs import StudyError
from ichdag.machine import versions
from ichdag.models import Card, read_card
from ichdag.names import BLOCKS, FEATURE_SETS
from ichdag.prediction.parts import CARD, DIGITS, NAME, Part, copy_part, differences, files_of
from ichdag.records import read_record, write_record

LOGGER = logging.getLogger("ichdag")
OUTCOME = re.compile(r"(?!.*?(.{1,3})\1{19}$)[a-z][a-z0-9_]{0,63}")  # as config/schemas/config.schema.json has it
CURE = "In a study, delete {folder} and run again: the model is frozen anew. Elsewhere, fetch the folder anew"


@dataclass(frozen=True)
class FrozenModel:
    """A frozen model of which every part was found as its card says: the card, and the file of each part."""

    card: Card
    files: dict[str, Path]


def model_files(features: str, *, outcomes: Iterable[str]) -> dict[str, str]:
    """The parts of a model of this feature set, and the file of each in the folder, beside the card.

    Raises StudyError if there is no such feature set, or an outcome has a name that could lead out of the folder.
    """
    if features not in FEATURE_SETS:
        raise StudyError(f"there is no feature set '{features}', only {', '.join(FEATURE_SETS)}")
    files = {}
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
) -> Card:
    """Copy every part into a folder, which is cleared of an older model, and write its card last.

    `sources` has the file of each part that `model_files` names; `settings` are those of every stage on the way, with
    the feature set as settings['features'].
    """
    folder = Path(folder)
    files = model_files(settings["features"], outcomes=outcomes)
    cards = {Path(file).stem: read_card(sources[part]) for part, file in files.items() if file.endswith(".json")}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD).unlink(missing_ok=True)  # first: it must not stand beside parts that it does not know
    for path in [*files_of(folder), *folder.glob(".partial-*")]:
        path.unlink()
    parts = {part: copy_part(sources[part], folder / file) for part, file in files.items()}
    subjects = sorted({subject for card in cards.values() for subject in card.subjects})
    limits = {"outcomes": list(outcomes), "smallest_lesion_ml": settings["cohort"]["smallest_lesion_ml"]}
    scores = {name: card.scores for name, card in cards.items()}
    card = Card("frozen", settings, subjects, limits, scores, versions())
    write_frozen_card(card, folder, parts=parts)
    return card


def write_frozen_card(card: Card, folder: Path, *, parts: Mapping[str, Part]) -> None:
    """Write the card of a frozen model, with its parts by name and a digest of all that it says."""
    named = {name: asdict(part) for name, part in parts.items()}
    content = json.loads(json.dumps(asdict(card) | {"parts": named}))
    write_record(content | {"sha256": _digest(content)}, folder / CARD)


def load_frozen(folder: str | Path) -> FrozenModel:
    """Find every part of a frozen model in its folder.

    Raises StudyError, naming each difference, what was frozen and what to do, if a part is missing, cut, exchanged or
    changed, a file is there that is no part, or the card is none, or was changed.
    """
    folder = Path(folder)
    content = _content(folder)
    try:
        parts = {name: Part(**part) for name, part in content["parts"].items()}
        card = Card(**{field.name: content[field.name] for field in fields(Card) if field.name in content})
        wanted = model_files(card.settings["features"], outcomes=card.limits["outcomes"])
        strange = [part.file for part in parts.values() if not NAME.fullmatch(part.file)]
    except (AttributeError, KeyError, TypeError, StudyError) as error:
        raise _refusal(folder, f"holds no model of this version of ichdag: {error}") from error
    if wrong := sorted(set(parts) ^ set(wanted)) + strange:
        raise _refusal(folder, f"holds no model of this version of ichdag: {CARD} names or lacks {', '.join(wrong)}")
    faults = differences(folder, parts.values())
    if faults:
        raise _refusal(folder, "is not the model that was frozen:\n  " + "\n  ".join(faults))
    return FrozenModel(card, {name: folder / part.file for name, part in parts.items()})


def is_spoiled(folder: str | Path, *, files: Iterable[str]) -> bool:
    """Whether all files of a model are there and yet it is not the one that was frozen: then it is frozen anew.

    Snakemake sees a part that is gone or newer, not one that was changed with its date kept.
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
    """What the card of a frozen model says, as it was written. Raises StudyError."""
    try:
        content = read_record(folder / CARD)
    except FileNotFoundError as error:
        raise _refusal(folder, f"holds no frozen model: {CARD} is missing") from error
    except (ValueError, StudyError) as error:
        raise _refusal(folder, f"holds no frozen model: {CARD} cannot be read ({error})") from error
    said = content.pop("sha256", None) if isinstance(content, dict) else None
    if not isinstance(said, str):
        raise _refusal(folder, f"holds no model that can be verified: {CARD} has no digests")
    found = _digest(content)
    if found != said:
        told = f"its content has sha256 {found[:DIGITS]} (frozen: {said[:DIGITS]})"
        raise _refusal(folder, f"is not the model that was frozen:\n  {CARD} was changed, {told}")
    return content


def _refusal(folder: Path, words: str) -> StudyError:
    return StudyError(f"{folder} {words}\n{CURE.format(folder=folder)}")


def _digest(content: dict[str, Any]) -> str:
    """SHA-256 of what a record says, whatever its layout."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
