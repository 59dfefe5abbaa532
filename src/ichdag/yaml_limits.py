"""Limits of settings files: a few lines of YAML whose aliases multiply would fill any memory once they are copied."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ichdag.jobs import StudyError

MAX_BYTES = 500_000  # of a file of settings; the shipped one has some 6,000
MAX_VALUES = 100_000  # of a file of settings, each counted as often as it is named; the shipped one has some 500
MAX_DEPTH = 40
MAX_NUMBER_LENGTH = 100  # characters; Python cannot even write down an integer of more than 4300
NUMBER_TAGS = ("int", "float", "long", "complex")
TEMPLATE_KEY = "__use_yte__"  # the key by which Snakemake would run what the file says


def check_settings_size(settings: Any, path: str | Path) -> Any:
    """Return settings as they are. Raises StudyError if the file holds too many values or too long a number."""
    _check_count(settings, path, parts=_child_values)
    return settings


def check_yaml_size(content: bytes, path: str | Path) -> None:
    """Raise StudyError, naming the file, if YAML or JSON text holds too many values or a template that runs code.

    The text is checked before it is parsed, because aliases in a merge key (<<) multiply while it is parsed.
    Text that is not YAML is left to its reader.
    """
    import yaml

    if len(content) > MAX_BYTES:
        raise StudyError(f"{path} has {len(content)} bytes, and settings have at most {MAX_BYTES}: is it another?")
    try:
        json.loads(content.decode("utf-8"))  # which knows no aliases, and is what Snakemake tries first
    except ValueError:
        try:
            graph = yaml.compose(content, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, UnicodeDecodeError):
            return
        _check_count(graph, path, parts=_child_nodes)


def _check_count(root: Any, path: str | Path, *, parts: Any) -> None:
    left = MAX_VALUES
    waiting = [(root, 0)]
    while waiting:
        value, depth = waiting.pop()
        left -= 1
        if left < len(waiting) or depth > MAX_DEPTH:
            raise StudyError(
                f"{path} holds more than {MAX_VALUES} values, or one within itself, once its aliases (*name) are "
                "followed: write the values themselves"
            )
        waiting.extend((item, depth + 1) for item in parts(value, path))


def _child_values(value: Any, path: str | Path) -> Iterable[Any]:
    """Return the values within a value. Raises StudyError for a number that is too long."""
    if isinstance(value, int) and value.bit_length() > 4 * MAX_NUMBER_LENGTH:
        _raise_long_number(path)
    return value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()


def _child_nodes(node: Any, path: str | Path) -> Iterable[Any]:
    """Return the nodes within a node of YAML. Raises StudyError for a number that is too long or a template."""
    if node is None or isinstance(node.value, str):
        if node and node.tag.rpartition(":")[2] in NUMBER_TAGS and len(node.value) > MAX_NUMBER_LENGTH:
            _raise_long_number(path)
        if node and node.value == TEMPLATE_KEY:
            raise StudyError(f"{path} is a template that runs code ({TEMPLATE_KEY}): write plain settings")
        return ()
    return [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]


def _raise_long_number(path: str | Path) -> None:
    raise StudyError(
        f"{path} holds a number of more than {MAX_NUMBER_LENGTH} characters: write it shorter, or in quotes"
    )
