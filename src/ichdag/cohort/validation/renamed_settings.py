"""Settings that had another name in an earlier version: an old key is refused with the new one."""

from collections.abc import Mapping
from typing import Any

from ichdag.cohort.validation.fault_table import Fault

RENAMED = {
    "cohort.masks_on_other_grids": "conversion.masks_on_other_grids",
    "cohort.dicom": "conversion.dicom",
}


def renamed_faults(config: Mapping[str, Any]) -> list[Fault]:
    """Return a fault for each key of the configuration that has a new name."""
    return [
        Fault(f"config {old}", f"this setting is now called {new}", f"Rename it to {new}; its meaning is the same")
        for old, new in RENAMED.items()
        if _has(config, old)
    ]


def without_renamed(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the configuration without the keys that have a new name."""
    return {
        key: without_renamed(value, f"{prefix}{key}.") if isinstance(value, Mapping) else value
        for key, value in config.items()
        if f"{prefix}{key}" not in RENAMED
    }


def _has(config: Any, key: str) -> bool:
    """Tell whether the configuration has a dotted key."""
    for name in key.split("."):
        if not isinstance(config, Mapping) or name not in config:
            return False
        config = config[name]
    return True
