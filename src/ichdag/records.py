"""Records: small JSON files of one participant or one model. Missing numbers are null, never NaN."""

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from ichdag.faults import Contents, reading
from ichdag.jobs import whole_file


def read_record(path: str | Path) -> dict[str, Any]:
    """Read one JSON record. Raises DamagedResult if it is not whole, or is asked for a key that it lacks."""
    with reading(path):
        found = json.loads(
            Path(path).read_text(encoding="utf-8"), object_pairs_hook=lambda pairs: Contents(pairs, path=path)
        )
        if not isinstance(found, dict):
            raise ValueError("it holds no keys")
    return found


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read one YAML file of keys and values. Raises ValueError if it is not one."""
    import yaml

    try:
        found = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error
    if not isinstance(found, dict):
        raise ValueError("it has no keys")
    return found


def write_record(record: dict[str, Any], path: str | Path) -> None:
    """Write one JSON record whole; NaN and infinities become null, arrays and numpy scalars plain numbers."""
    with whole_file(path) as partial:
        partial.write_text(json.dumps(_plain(record), indent=1, allow_nan=False) + "\n", encoding="utf-8")


def counted(reasons: dict[str, str]) -> str | None:
    """Reasons by item as one text: each reason once, with the number of its items; None where there are none."""
    counts = Counter(reasons.values())
    return "; ".join(f"{reason} ({count})" for reason, count in sorted(counts.items())) or None


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)
