"""Everything that can be wrong with a study before it starts, found at once: settings, sheet, files, outcomes."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from ichdag.cohort.outcomes import VOLUMES, columns_of, outcome_of
from ichdag.cohort.sheet import FILES, SCHEMA, Row
from ichdag.jobs import StudyError


@dataclass(frozen=True)
class Fault:
    """One fault: where it is (file, row, column or key), what was found, what to do."""

    where: str
    found: str
    cure: str

    def __str__(self) -> str:
        return f"{self.where}: {self.found}. {self.cure}"


def config_faults(config: Mapping[str, Any]) -> list[Fault]:
    """Unknown, missing and mistyped settings, by the schemas of config/schemas."""
    schemas = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in SCHEMA.parent.glob("*.schema.json")}
    registry = Registry().with_resources((name, Resource.from_contents(schema)) for name, schema in schemas.items())
    validator = Draft202012Validator(schemas["config.schema.json"], registry=registry)
    faults = []
    for error in sorted(validator.iter_errors(_json_like(config)), key=lambda error: error.json_path):
        key = ".".join(map(str, error.absolute_path)) or "top level"
        known = ", ".join(error.schema.get("properties", {}))
        cure = f"Known keys: {known}" if error.validator == "additionalProperties" else _meaning(error.schema)
        faults.append(Fault(f"config {key}", error.message, cure))
    for name in (config.get("explanation") or {}).get("outcomes", []):
        if name not in config["outcomes"]:
            cure = f"Outcomes of this study: {', '.join(config['outcomes'])}"
            faults.append(Fault("config explanation.outcomes", f"there is no outcome '{name}'", cure))
    for name, expression in (config.get("outcomes") or {}).items():
        try:
            columns_of(expression)
        except StudyError as error:
            faults.append(Fault(f"config outcomes.{name}", str(error), "Mend the expression"))
    return faults


def sheet_faults(rows: list[Row], config: Mapping[str, Any]) -> list[Fault]:
    """Faults of the sheet: columns, cells, duplicate ids, files that are not there, outcomes that cannot be studied."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    missing = [name for name in schema["required"] if name not in rows[0]]
    if missing:
        found = f"missing columns {', '.join(missing)}; found {', '.join(filter(None, rows[0]))}"
        return [Fault(f"sheet {config['participants']}, header", found, "Add them; resources/participants.tsv has all")]
    return [*_cell_faults(rows, schema), *_id_faults(rows), *_file_faults(rows), *_outcome_faults(rows, config)]


def _cell_faults(rows: list[Row], schema: dict[str, Any]) -> Iterator[Fault]:
    validator = Draft202012Validator(schema | {"required": ["participant_id", "cohort", "role"]})
    for number, row in enumerate(rows, start=2):
        if row.get(""):
            yield Fault(f"row {number}", "more cells than the header has columns", "Remove the extra tabs")
        known = {name: value for name, value in row.items() if value is not None and name}
        for error in validator.iter_errors(known):
            column = ".".join(map(str, error.absolute_path)) or error.message.split("'")[1]
            yield Fault(f"row {number}, column {column}", error.message, _meaning(error.schema))


def _id_faults(rows: list[Row]) -> Iterator[Fault]:
    places: dict[str, list[int]] = {}
    for number, row in enumerate(rows, start=2):
        places.setdefault(row["participant_id"], []).append(number)
    for name, numbers in places.items():
        if len(numbers) > 1:
            where = f"rows {', '.join(map(str, numbers))}, column participant_id"
            yield Fault(
                where, f"'{name}' stands {len(numbers)} times", "Give each participant one row and an id of its own"
            )


def _file_faults(rows: list[Row]) -> Iterator[Fault]:
    for number, row in enumerate(rows, start=2):
        for column in FILES:
            if row.get(column) and not Path(row[column]).is_file():
                cure = "Mend the path (relative to the sheet), or write n/a where there is no such scan"
                yield Fault(f"row {number}, column {column}", f"no file {row[column]}", cure)


def _outcome_faults(rows: list[Row], config: Mapping[str, Any]) -> Iterator[Fault]:
    """Outcomes over unknown columns; too few patients or one class only, where the sheet alone decides."""
    folds = config["folds"]
    development = [row for row in rows if row.get("role") == "development"]
    if len(development) < folds:
        found = f"{len(development)} development participants for {folds} folds"
        yield Fault("sheet, column role", found, "Add participants with role development, or lower config: folds")
    derived = () if config["cohort"]["volumes"] == "sheet" else VOLUMES
    for name, expression in config["outcomes"].items():
        strangers = columns_of(expression) - set(rows[0]) - {*VOLUMES}
        if strangers:
            found = f"'{expression}' reads {', '.join(sorted(strangers))}, which the sheet does not have"
            yield Fault(f"config outcomes.{name}", found, f"Columns: {', '.join([*filter(None, rows[0]), *VOLUMES])}")
        elif not columns_of(expression) & set(derived):
            yield from _class_faults(name, expression, development, folds)


def _class_faults(name: str, expression: str, development: list[Row], folds: int) -> Iterator[Fault]:
    try:
        counts = Counter(outcome_of(expression, with_expansion(row)) for row in development)
    except TypeError:
        yield Fault(f"config outcomes.{name}", f"'{expression}' compares text with a number", "Mend the column or it")
        return
    if min(counts[0], counts[1]) < folds:
        found = f"{counts[1]} development participants with it, {counts[0]} without, {counts[None]} missing"
        yield Fault(
            f"outcome {name}", found, f"Both classes need at least {folds} (config: folds); drop the outcome or add"
        )


def with_expansion(row: Row) -> Row:
    """The row with expansion_ml, where both volumes are known."""
    known = isinstance(row.get("baseline_volume_ml"), float) and isinstance(row.get("followup_volume_ml"), float)
    return row | {"expansion_ml": row["followup_volume_ml"] - row["baseline_volume_ml"] if known else None}


def refuse(faults: list[Fault]) -> None:
    """Raise one StudyError that lists all faults, if there are any."""
    if faults:
        lines = "\n".join(f"  {number}. {fault}" for number, fault in enumerate(faults, start=1))
        raise StudyError(f"{len(faults)} faults in the study's settings or sheet; nothing was run\n{lines}")


def _meaning(schema: Mapping[str, Any]) -> str:
    return f"Expected: {schema['description']}" if "description" in schema else "See config/README.md"


def _json_like(value: Any) -> Any:
    """Plain dicts and lists, which is what a JSON validator knows."""
    if isinstance(value, Mapping):
        return {str(key): _json_like(item) for key, item in value.items()}
    return [_json_like(item) for item in value] if isinstance(value, (list, tuple)) else value
