"""A parameter file of pyradiomics as keys and values, by pyradiomics' own reader; what its schema refuses, in words."""

import json
import logging
import re
from difflib import get_close_matches
from functools import reduce
from pathlib import Path
from typing import Any

from radiomics import getFeatureClasses, getParameterValidationFiles
from radiomics.featureextractor import pykwalify

from ichdag.jobs import StudyError

YAML = pykwalify.compat.yml  # pyradiomics' own reader
# Settings of older releases of pyradiomics, which changed no number then and are gone now.
IDLE = ("enableCExtensions", "verbose")
OLD_NAMES = {"inputImage": "imageType", "settings": "setting", "featureClasses": "featureClass"}
OF_VOXELS = ("kernelRadius", "maskedKernel", "initValue", "voxelBatch")
KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "a text"}
UNKNOWN = re.compile(r"Key '(.*?)' was not defined")
PLACE = re.compile(r"\b(?:Value path|Path): '([^']*)'")
WANTED = {  # how pykwalify says it: what is needed
    r"less than min limit '([^']*)'": "at least {} is needed",
    r"less than or equals to min limit\(exclusive\) '([^']*)'": "more than {} is needed",
    r"greater than max limit '([^']*)'": "at most {} is possible",
    r"not of type '([^']*)'": "{} is needed",
    r"is not a (list)": "a list is needed: [...]",
    r"is not a (dict)": "keys with values are needed",
    r"Enum: (\[.*\])": "one of {} is needed",
}


def read_keys(file: Path) -> tuple[dict[str, Any], list[str]]:
    """The keys of a parameter file, and notes on settings of older releases that are left out.

    Raises StudyError where it holds no keys, and whatever its readers raise where it is no YAML or JSON.
    """
    text = file.read_text("utf-8")
    found = json.loads(text) if file.suffix == ".json" else YAML.load(text)
    if not isinstance(found, dict):
        raise StudyError(f"it holds {'nothing' if found is None else 'no keys'}: imageType, featureClass and setting")
    notes = []
    for own in _all_settings(found):
        for name in IDLE:
            if name in own:
                del own[name]
                notes.append(f"{name} is a setting of older releases that changes no number: it is left out")
    return found, list(dict.fromkeys(notes))


def _all_settings(keys: dict[str, Any]) -> list[dict[str, Any]]:
    """The settings for all images and those of each image type, where they are such."""
    types = keys.get("imageType")
    own = [keys.get("setting"), *(types.values() if isinstance(types, dict) else ())]
    return [part for part in own if isinstance(part, dict)]


def in_words(error: Exception, keys: dict[str, Any]) -> str:
    """What pyradiomics' schema says against a file: each key, what was found there, and what is needed."""
    text = str(getattr(error, "msg", error))
    if "Schema validation failed" not in text:
        return " ".join(text.split())
    told = [_entry(part, keys) for part in text.split("\n - ")[1:]]
    return "; ".join(told)


def _entry(text: str, keys: dict[str, Any]) -> str:
    """One complaint of pykwalify in words; its own where it is of a kind that is not known here."""
    place = PLACE.search(text)
    path = [part for part in place[1].split("/") if part] if place else []
    unknown = UNKNOWN.search(text)
    if unknown:
        return _stranger(unknown[1], path)
    for pattern, words in WANTED.items():
        wanted = re.search(pattern, text)
        if wanted and path:
            return f"{': '.join(path)}: found {_at(keys, path)!r}, {words.format(KINDS.get(wanted[1], wanted[1]))}"
    return " ".join(text.split())


def _at(keys: Any, path: list[str]) -> Any:
    return reduce(lambda found, part: found[int(part)] if isinstance(found, list) else found[part], path, keys)


def _stranger(name: str, path: list[str]) -> str:
    """What to write instead of a key that pyradiomics does not have."""
    where = f"{': '.join(path)}: " if path else ""
    if not path and name in OLD_NAMES:
        return f"{name} is no key of pyradiomics, write {OLD_NAMES[name]} instead"
    if name in OF_VOXELS:
        return (
            f"{where}{name} is a setting of voxel maps, which are not made here: move it to voxelSetting or remove it"
        )
    if name == "voxelBased":
        return f"{where}voxelBased asks for voxel maps, which are not made here: remove it"
    known = _known("mapping" if not path else "settings")
    near = get_close_matches(name.casefold(), [one.casefold() for one in known], n=2)
    near = [one for one in known if one.casefold() in near]
    cure = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    return f"{where}pyradiomics has no {name}: {cure}"


def _known(which: str) -> list[str]:
    """The keys that pyradiomics' schema has: of a file, or of its settings."""
    schema = YAML.load(Path(getParameterValidationFiles()[0]).read_text("utf-8"))["mapping"]
    return list(schema if which == "mapping" else schema["setting"]["mapping"])


def refuse_strangers(title: str, wanted: list[str]) -> None:
    """Refuse features that a class does not have, naming those that are near. Raises StudyError."""
    known = list(getFeatureClasses()[title].getFeatureNames())
    strangers = sorted(set(map(str, wanted)) - set(known))
    if strangers:
        near = [one for name in strangers for one in get_close_matches(name, known, n=3)]
        cure = f"near it are {', '.join(dict.fromkeys(near))}" if near else f"there are {', '.join(known)}"
        raise StudyError(f"{title} has no features {', '.join(strangers)}: {cure}")


def quiet() -> None:
    """Keep what pykwalify and pyradiomics log of a parameter file from being printed beside the words."""
    logging.getLogger("pykwalify").setLevel(logging.CRITICAL)
    logging.getLogger("radiomics").setLevel(logging.ERROR)
