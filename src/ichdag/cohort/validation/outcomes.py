"""Faults of outcomes: columns that are not there, classes too small for the folds."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ichdag.cohort.outcomes import VOLUMES, columns_of, outcome_of, with_expansion
from ichdag.cohort.sheet import Row, Sheet
from ichdag.cohort.validation.faults import Fault
from ichdag.jobs import StudyError


def outcome_faults(sheet: Sheet, config: Mapping[str, Any]) -> Iterator[Fault]:
    """Outcomes over unknown columns; too few patients or one class only, where the sheet alone decides.

    Settings of the wrong type are left out here: they are faults of the configuration.
    """
    folds = config.get("folds") if isinstance(config.get("folds"), int) else 0
    development = [row for row in sheet.rows if row.get("role") == "development"]
    if len(development) < folds:
        found = f"{len(development)} development participants for {folds} folds"
        yield Fault("sheet, column role", found, "Add participants with role development, or lower config: folds")
    columns = [name for name in sheet.rows[0] if name]
    for name, expression in readable_outcomes(config).items():
        strangers = columns_of(expression) - {*columns, *VOLUMES}
        if strangers:
            found = f"'{expression}' reads {', '.join(sorted(strangers))}, which the sheet does not have"
            yield Fault(f"config outcomes.{name}", found, f"Columns: {', '.join([*columns, *VOLUMES])}")
            continue
        try:  # whatever the volumes will be: text that is used as a number
            class_counts(expression, [row | dict.fromkeys(VOLUMES, 1.0) for row in sheet.rows])
        except StudyError as error:
            yield Fault(f"config outcomes.{name}", str(error), "Mend the column or it")
            continue
        if is_decided_by_the_sheet(expression, config):
            yield from _class_faults(name, expression, development, folds)


def readable_outcomes(config: Mapping[str, Any]) -> dict[str, str]:
    """The outcomes of the configuration whose expressions can be read."""
    outcomes, found = config.get("outcomes"), {}
    for name, expression in outcomes.items() if isinstance(outcomes, Mapping) else ():
        try:
            found |= {str(name): str(expression)} if columns_of(expression) else {}
        except StudyError:
            continue
    return found


def is_decided_by_the_sheet(expression: str, config: Mapping[str, Any]) -> bool:
    """Whether an outcome reads nothing that only the scans' masks will tell."""
    cohort = config.get("cohort")
    from_sheet = isinstance(cohort, Mapping) and cohort.get("volumes") == "sheet"
    return from_sheet or not columns_of(expression) & set(VOLUMES)


def class_counts(expression: str, rows: list[Row]) -> Counter:
    """How many rows have the outcome (1), do not (0), and are missing it (None). Raises what the expression raises."""
    return Counter(outcome_of(expression, with_expansion(row)) for row in rows)


def _class_faults(name: str, expression: str, development: list[Row], folds: int) -> Iterator[Fault]:
    counts = class_counts(expression, development)
    if min(counts[0], counts[1]) < folds:
        found = f"{counts[1]} development participants with it, {counts[0]} without, {counts[None]} missing"
        cure = f"Both classes need at least {folds} (config: folds): drop the outcome, or add participants"
        yield Fault(f"outcome {name}", found, cure)
