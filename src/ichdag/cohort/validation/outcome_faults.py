"""List faults of outcomes: columns that the sheet lacks, classes that are too small for the folds."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ichdag.cohort.outcomes import VOLUMES, add_expansion, evaluate_outcome, expression_columns
from ichdag.cohort.sheet import Row, Sheet
from ichdag.cohort.validation.fault_table import Fault
from ichdag.jobs import StudyError


def outcome_faults(sheet: Sheet, config: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield outcomes with unknown columns, and those with too small classes, if the sheet alone decides the outcome.

    Settings of a wrong type are ignored: they are faults of the configuration.
    """
    setting = config.get("folds")
    folds = setting if isinstance(setting, int) else 0
    development = [row for row in sheet.rows if row.get("role") == "development"]
    if len(development) < folds:
        finding = f"{len(development)} development participants for {folds} folds"
        yield Fault("sheet, column role", finding, "Add participants with role development, or lower config: folds")
    columns = [name for name in sheet.rows[0] if name]
    for name, expression in readable_outcomes(config).items():
        unknown = expression_columns(expression) - {*columns, *VOLUMES}
        if unknown:
            finding = f"'{expression}' reads {', '.join(sorted(unknown))}, which the sheet does not have"
            yield Fault(f"config outcomes.{name}", finding, f"Columns: {', '.join([*columns, *VOLUMES])}")
            continue
        try:  # with any volumes, to find text that is used as a number
            class_counts(expression, [row | dict.fromkeys(VOLUMES, 1.0) for row in sheet.rows])
        except StudyError as error:
            yield Fault(f"config outcomes.{name}", str(error), "Mend the column or the expression")
            continue
        if is_decided_by_the_sheet(expression, config):
            yield from _class_faults(name, expression, development, folds)


def readable_outcomes(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the outcomes of the configuration whose expressions can be read."""
    outcomes = config.get("outcomes")
    readable: dict[str, str] = {}
    for name, expression in outcomes.items() if isinstance(outcomes, Mapping) else ():
        try:
            readable |= {str(name): str(expression)} if expression_columns(expression) else {}
        except StudyError:
            continue
    return readable


def is_decided_by_the_sheet(expression: str, config: Mapping[str, Any]) -> bool:
    """Tell whether an outcome reads only columns of the sheet, and no volume of a mask."""
    cohort = config.get("cohort")
    from_sheet = isinstance(cohort, Mapping) and cohort.get("volumes") == "sheet"
    return from_sheet or not expression_columns(expression) & set(VOLUMES)


def class_counts(expression: str, rows: list[Row]) -> Counter[int | None]:
    """Count the rows with the outcome (1), without (0), and missing (None). Raises the errors of the expression."""
    return Counter(evaluate_outcome(expression, add_expansion(row)) for row in rows)


def _class_faults(name: str, expression: str, development: list[Row], folds: int) -> Iterator[Fault]:
    counts = class_counts(expression, development)
    if min(counts[0], counts[1]) < folds:
        finding = f"{counts[1]} development participants with it, {counts[0]} without, {counts[None]} missing"
        cure = f"Both classes need at least {folds} (config: folds): drop the outcome, or add participants"
        yield Fault(f"outcome {name}", finding, cure)
