"""What settings may hold: a few lines of YAML whose aliases multiply would fill any memory once they are copied."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ichdag.jobs import StudyError

MOST_BYTES = 500_000  # of a file of settings; the shipped one has some 6,000
MOST_VALUES = 100_000  # of a file of settings, each counted as often as it is named; the shipped one has some 500
DEEPEST = 40
LONGEST_NUMBER = 100  # characters; Python cannot even write down an integer of more than 4300
NUMBERS = ("int", "float", "long", "complex")
TEMPLATE = "__use_yte__"  # the key by which Snakemake would run what the file says


def require_plain(settings: Any, path: str | Path) -> Any:
    """Give settings back if they are as large as they look. Raises StudyError, naming the file, if they are not."""
    _count(settings, path, parts=_values)
    return settings


def require_plain_text(content: bytes, path: str | Path) -> None:
    """Raise StudyError, naming the file, if YAML or JSON holds more than it looks, or what runs code.

    It is asked of the text, before values are made of it: aliases in a merge key (<<) multiply while they are made.
    What is no YAML at all is left to its reader.
    """
    import yaml

    if len(content) > MOST_BYTES:
        raise StudyError(f"{path} has {len(content)} bytes, and settings have at most {MOST_BYTES}: is it another?")
    try:
        json.loads(content.decode("utf-8"))  # which knows no aliases, and is what Snakemake tries first
    except ValueError:
        try:
            graph = yaml.compose(content, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, UnicodeDecodeError):
            return
        _count(graph, path, parts=_nodes)


def _count(root: Any, path: str | Path, *, parts: Any) -> None:
    left, waiting = MOST_VALUES, [(root, 0)]
    while waiting:
        value, depth = waiting.pop()
        left -= 1
        if left < len(waiting) or depth > DEEPEST:
            raise StudyError(
                f"{path} holds more than {MOST_VALUES} values, or one within itself, once its aliases (*name) are "
                "followed: write the values themselves"
            )
        waiting.extend((item, depth + 1) for item in parts(value, path))


def _values(value: Any, path: str | Path) -> Iterable[Any]:
    """What a value holds. Raises StudyError for a number that is too long."""
    if isinstance(value, int) and value.bit_length() > 4 * LONGEST_NUMBER:
        _refuse_number(path)
    return value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()


def _nodes(node: Any, path: str | Path) -> Iterable[Any]:
    """What a node of YAML holds. Raises StudyError for a number that is too long, and for a template."""
    if node is None or isinstance(node.value, str):
        if node and node.tag.rpartition(":")[2] in NUMBERS and len(node.value) > LONGEST_NUMBER:
            _refuse_number(path)
        if node and node.value == TEMPLATE:
            raise StudyError(f"{path} is a template that runs code ({TEMPLATE}): write plain settings")
        return ()
    return [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]


def _refuse_number(path: str | Path) -> None:
    raise StudyError(f"{path} holds a number of more than {LONGEST_NUMBER} characters: write it shorter, or in quotes")
