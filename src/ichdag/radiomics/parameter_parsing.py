"""Parse a parameter file with pyradiomics' own reader, and explain in plain words what its schema refuses."""

import json
import logging
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from radiomics import getFeatureClasses, getParameterValidationFiles
from radiomics.featureextractor import pykwalify

from ichdag.jobs import StudyError

YAML = pykwalify.compat.yml  # pyradiomics' own reader
# Settings that older releases of pyradiomics had; they changed no value.
IGNORED_SETTINGS = ("enableCExtensions", "verbose")
RENAMED_KEYS = {"inputImage": "imageType", "settings": "setting", "featureClasses": "featureClass"}
VOXEL_SETTINGS = ("kernelRadius", "maskedKernel", "initValue", "voxelBatch")
TYPE_NAMES = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "a text"}
UNKNOWN_KEY = re.compile(r"Key '(.*?)' was not defined")
KEY_PATH = re.compile(r"\b(?:Value path|Path): '([^']*)'")
REQUIREMENTS = {  # message of pykwalify (pattern): what is needed
    r"less than min limit '([^']*)'": "at least {} is needed",
    r"less than or equals to min limit\(exclusive\) '([^']*)'": "more than {} is needed",
    r"greater than max limit '([^']*)'": "at most {} is possible",
    r"not of type '([^']*)'": "{} is needed",
    r"is not a (list)": "a list is needed: [...]",
    r"is not a (dict)": "keys with values are needed",
    r"Enum: (\[.*\])": "one of {} is needed",
}


def parse_keys(file: Path) -> tuple[dict[str, Any], list[str]]:
    """Return the keys of a parameter file, and notes on settings of older releases that are left out.

    Raises StudyError if the file has no keys, and the exceptions of the YAML and JSON readers.
    """
    text = file.read_text("utf-8")
    keys = json.loads(text) if file.suffix == ".json" else YAML.load(text)
    if not isinstance(keys, dict):
        raise StudyError(f"it holds {'nothing' if keys is None else 'no keys'}: imageType, featureClass and setting")
    notes = []
    for settings in _all_settings(keys):
        for name in IGNORED_SETTINGS:
            if name in settings:
                del settings[name]
                notes.append(f"{name} is a setting of older releases that changes no number: it is left out")
    return keys, list(dict.fromkeys(notes))


def _all_settings(keys: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the settings for all images and those of each image type."""
    image_types = keys.get("imageType")
    candidates = [keys.get("setting"), *(image_types.values() if isinstance(image_types, dict) else ())]
    return [settings for settings in candidates if isinstance(settings, dict)]


def explain_schema_error(error: Exception, keys: dict[str, Any]) -> str:
    """Explain the errors of pyradiomics' schema: each key, its value, and what is needed instead."""
    text = str(getattr(error, "msg", error))
    if "Schema validation failed" not in text:
        return " ".join(text.split())
    return "; ".join(_explain_message(message, keys) for message in text.split("\n - ")[1:])


def _explain_message(text: str, keys: dict[str, Any]) -> str:
    """Explain one message of pykwalify; return the message itself if it matches no pattern."""
    path_match = KEY_PATH.search(text)
    path = [key for key in path_match[1].split("/") if key] if path_match else []
    unknown = UNKNOWN_KEY.search(text)
    if unknown:
        return _explain_unknown_key(unknown[1], path)
    for pattern, requirement in REQUIREMENTS.items():
        match = re.search(pattern, text)
        if match and path:
            needed = requirement.format(TYPE_NAMES.get(match[1], match[1]))
            return f"{': '.join(path)}: found {_value_at(keys, path)!r}, {needed}"
    return " ".join(text.split())


def _value_at(keys: Any, path: list[str]) -> Any:
    """Return the value at a path of keys and list indices."""
    value = keys
    for key in path:
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def _explain_unknown_key(name: str, path: list[str]) -> str:
    """Say what to write instead of a key that pyradiomics does not have."""
    prefix = f"{': '.join(path)}: " if path else ""
    if not path and name in RENAMED_KEYS:
        return f"{name} is not a key of pyradiomics, write {RENAMED_KEYS[name]} instead"
    if name in VOXEL_SETTINGS:
        return (
            f"{prefix}{name} is a setting of voxel maps, which are not made here: move it to voxelSetting or remove it"
        )
    if name == "voxelBased":
        return f"{prefix}voxelBased asks for voxel maps, which are not made here: remove it"
    known = _schema_settings() if path else _schema_keys()
    matches = get_close_matches(name.casefold(), [key.casefold() for key in known], n=2)
    similar = [key for key in known if key.casefold() in matches]
    cure = f"did you mean {' or '.join(similar)}?" if similar else f"there are {', '.join(known)}"
    return f"{prefix}pyradiomics has no {name}: {cure}"


def _schema() -> dict[str, Any]:
    """Return the schema of pyradiomics for the keys of a parameter file."""
    return YAML.load(Path(getParameterValidationFiles()[0]).read_text("utf-8"))["mapping"]


def _schema_keys() -> list[str]:
    """Return the keys that pyradiomics allows in a parameter file."""
    return list(_schema())


def _schema_settings() -> list[str]:
    """Return the settings that pyradiomics allows."""
    return list(_schema()["setting"]["mapping"])


def check_feature_names(class_name: str, names: list[str]) -> None:
    """Raise StudyError for features that a class does not have, with similar names that it has."""
    known = list(getFeatureClasses()[class_name].getFeatureNames())
    unknown = sorted(set(map(str, names)) - set(known))
    if unknown:
        similar = [match for name in unknown for match in get_close_matches(name, known, n=3)]
        cure = f"similar names are {', '.join(dict.fromkeys(similar))}" if similar else f"there are {', '.join(known)}"
        raise StudyError(f"{class_name} has no features {', '.join(unknown)}: {cure}")


def silence_loggers() -> None:
    """Hide the log messages of pykwalify and pyradiomics on a parameter file: the StudyError has the information."""
    logging.getLogger("pykwalify").setLevel(logging.CRITICAL)
    logging.getLogger("radiomics").setLevel(logging.ERROR)
