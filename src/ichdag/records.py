"""Records: small JSON files of one participant or one model. Missing numbers are null, never NaN."""

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from ichdag.file_errors import RecordDict, damaged_result_on_error
from ichdag.jobs import StudyError, atomic_write
from ichdag.yaml_limits import check_settings_size, check_yaml_size

RecordType = TypeVar("RecordType")


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


def read_record_as(record_type: type[RecordType], path: str | Path, *, subject: str) -> RecordType:
    """Read the record of one participant as a dataclass.

    Raises StudyError if it is of another participant, DamagedResult if its keys or the types of their values are not
    those of the dataclass.
    """
    record = read_record_of(subject, path)
    with damaged_result_on_error(path):
        return from_record(record_type, record)


def field_schema(value_type: type, *, values: tuple[str, ...] = (), missing: bool = False) -> dict[str, Any]:
    """Describe a field of a dataclass, as its metadata: type, allowed values, whether it may be None."""
    return {"value_type": value_type, "values": values, "missing": missing}


def from_record(record_type: type[RecordType], record: Mapping[str, Any]) -> RecordType:
    """Make a dataclass of a record. Raises ValueError if it breaks the schema of the fields (see `field_schema`)."""
    schemas = {item.name: item.metadata for item in fields(record_type)}  # type: ignore[arg-type]  # any dataclass
    faults = [f"it lacks {name}" for name in schemas if name not in record]
    faults += [f"{name} is unknown" for name in record if name not in schemas]
    if faults:
        raise ValueError("; ".join(faults))
    return record_type(**{name: _checked(record[name], schema, name) for name, schema in schemas.items()})


def to_record(record: object) -> dict[str, Any]:
    """Make a record of a dataclass, keys in the order of its fields. Raises ValueError if a value has a wrong type."""
    if not is_dataclass(record) or isinstance(record, type):
        raise TypeError(f"a record is a dictionary or a dataclass, not {record!r}")
    content: dict[str, Any] = _to_json(asdict(record))
    from_record(type(record), content)
    return content


def _checked(value: Any, schema: Mapping[str, Any], name: str) -> Any:
    """Return the value of a field, a dataclass where one is expected. Raises ValueError if it breaks the schema."""
    value_type: type = schema["value_type"]
    if value is None and schema["missing"]:
        return None
    if is_dataclass(value_type) and isinstance(value, dict):
        return from_record(value_type, value)
    if not isinstance(value, (int, float) if value_type is float else value_type):
        raise ValueError(f"{name} is {value!r}, which is not of the type {value_type.__name__}")
    if schema["values"] and value not in schema["values"]:
        raise ValueError(f"{name} is {value!r}, which is not one of {', '.join(schema['values'])}")
    return value


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


def write_record(record: object, path: str | Path) -> None:
    """Write one JSON record, a dictionary or a dataclass, whole.

    NaN and infinities become null, arrays and numpy scalars plain numbers.
    """
    content = _to_json(record) if isinstance(record, dict) else to_record(record)
    with atomic_write(path) as partial:
        partial.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")


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
