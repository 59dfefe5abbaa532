"""What settings may hold: a few lines of YAML whose aliases multiply would fill any memory once they are copied."""

from pathlib import Path
from typing import Any

from ichdag.jobs import StudyError

MOST_VALUES = 100_000  # of a file of settings, each counted as often as it is named; the shipped one has some 500
DEEPEST = 40


def require_plain(settings: Any, path: str | Path) -> Any:
    """Give settings back if they are as large as they look. Raises StudyError, naming the file, if they are not."""
    left, waiting = MOST_VALUES, [(settings, 0)]
    while waiting:
        value, depth = waiting.pop()
        left -= 1
        if left < len(waiting) or depth > DEEPEST:
            raise StudyError(
                f"{path} holds more than {MOST_VALUES} values, or one within itself, once its aliases (*name) are "
                "followed: write the values themselves"
            )
        items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
        waiting.extend((item, depth + 1) for item in items)
    return settings
