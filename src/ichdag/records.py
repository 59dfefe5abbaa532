"""Records: small JSON files of one participant or one model. Missing numbers are null, never NaN."""

import json
import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ichdag.file_errors import RecordDict, damaged_result_on_error
from ichdag.jobs import StudyError, atomic_write
from ichdag.yaml_limits import check_settings_size, check_yaml_size


def read_record(path: str | Path) -> dict[str, Any]:
    """Read one JSON record. Raises DamagedResult if it is not whole, or is asked for a key that it lacks."""
    with damaged_result_on_error(path):
        record = json.loads(
            Path(path).read_text(encoding="utf-8"), object_pairs_hook=lambda pairs: RecordDict(pairs, path=path)
        )
        if not isinstance(record, dict):
            raise ValueError("it holds no keys")
    return record


def read_record_of(subject: str, path: str | Path) -> dict[str, Any]:
    """Read the record of one participant. Raises StudyError if it is of another one."""
    record = read_record(path)
    if record.get("subject") != subject:
        raise StudyError(
            f"{path} should be of participant {subject} and is of {record.get('subject', 'nobody')}: "
            "delete it and run again"
        )
    return record


def read_records(files: Mapping[str, str | Path]) -> list[dict[str, Any]]:
    """Read the records of participants, given by subject, in this order. Raises StudyError if one is of another."""
    return [read_record_of(subject, path) for subject, path in files.items()]


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read one YAML file of keys and values. Raises ValueError if it is not one, StudyError if its aliases multiply."""
    import yaml

    content = Path(path).read_bytes()
    try:
        check_yaml_size(content, path)
        content_by_key = yaml.safe_load(content.decode("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if not isinstance(content_by_key, dict):
        raise ValueError("it has no keys")
    return check_settings_size(content_by_key, path)


def check_yaml_file_size(path: str | Path) -> None:
    """Raise StudyError if a YAML file that another library reads holds more than it looks: its aliases multiply."""
    check_yaml_size(Path(path).read_bytes(), path)


def write_record(record: dict[str, Any], path: str | Path) -> None:
    """Write one JSON record whole; NaN and infinities become null, arrays and numpy scalars plain numbers."""
    with atomic_write(path) as partial:
        partial.write_text(json.dumps(_to_json(record), indent=1, allow_nan=False) + "\n", encoding="utf-8")


def count_reasons(reasons: dict[str, str]) -> str | None:
    """Join reasons by item to one text: each reason once, with the number of its items; None without reasons."""
    counts = Counter(reasons.values())
    return "; ".join(f"{reason} ({count})" for reason, count in sorted(counts.items())) or None


def _to_json(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def describe_changes(then: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return one line for each key whose value differs, at every depth: `settings.learning_rate 0.1 -> 0.2`."""
    lines = []
    for key in sorted({*then, *now}):
        before = then.get(key)
        after = now.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            lines += describe_changes(before, after, f"{prefix}{key}.")
        elif before != after:
            lines.append(f"{prefix}{key} {_shorten(before)} -> {_shorten(after)}")
    return lines


def _shorten(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:70]}... ({len(value)} items)"
