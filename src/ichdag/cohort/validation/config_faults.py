"""List faults of the configuration: unknown, missing and mistyped settings, outcomes that cannot be read."""

import json
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from ichdag.cohort.outcomes import expression_columns
from ichdag.cohort.sheet import SCHEMA
from ichdag.cohort.validation.fault_table import Fault
from ichdag.cohort.validation.renamed_settings import renamed_faults, without_renamed
from ichdag.jobs import StudyError


def config_faults(config: Mapping[str, Any]) -> list[Fault]:
    """List unknown, renamed, missing and mistyped settings, by the schemas of config/schemas."""
    schemas = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in SCHEMA.parent.glob("*.schema.json")}
    registry = Registry().with_resources((name, Resource.from_contents(schema)) for name, schema in schemas.items())
    validator = Draft202012Validator(schemas["config.schema.json"], registry=registry)
    faults = renamed_faults(config)
    for error in sorted(validator.iter_errors(_json_like(without_renamed(config))), key=lambda error: error.json_path):
        key = ".".join(map(str, error.absolute_path)) or "top level"
        known = ", ".join(error.schema.get("properties", {}))
        cure = f"Known keys: {known}" if error.validator == "additionalProperties" else _meaning(error.schema)
        faults.append(Fault(f"config {key}", error.message, cure))
    return [*faults, *_outcome_faults(config)]


def _outcome_faults(config: Mapping[str, Any]) -> list[Fault]:
    outcomes = _section(config, "outcomes")
    explained = _section(config, "explanation").get("outcomes")
    faults = []
    for name in explained if isinstance(explained, (list, tuple)) else []:
        if name not in outcomes:
            cure = f"Outcomes of this study: {', '.join(map(str, outcomes))}"
            faults.append(Fault("config explanation.outcomes", f"there is no outcome '{name}'", cure))
    for name, expression in outcomes.items():
        try:
            if not expression_columns(expression):
                faults.append(Fault(f"config outcomes.{name}", f"'{expression}' reads no column", "Name a column"))
        except StudyError as error:
            faults.append(Fault(f"config outcomes.{name}", str(error), "Mend the expression"))
    return faults


def _section(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = config.get(name)
    return section if isinstance(section, Mapping) else {}


def _meaning(schema: Mapping[str, Any]) -> str:
    return f"Expected: {schema['description']}" if "description" in schema else "See config/README.md"


def _json_like(value: Any) -> Any:
    """Convert to plain dicts and lists, the types of a JSON validator."""
    if isinstance(value, Mapping):
        return {str(key): _json_like(item) for key, item in value.items()}
    return [_json_like(item) for item in value] if isinstance(value, (list, tuple)) else value
