"""Select one stack among those that no rule leaves out. The docstring of the package states the rules."""

from typing import Any

from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.exclusion_rules import first_exclusion
from ichdag.conversion.dicom.headers import get_number, get_text
from ichdag.conversion.dicom.series_attributes import describe_stack, has_contrast, kernel_type
from ichdag.conversion.dicom.stacks import Stack
from ichdag.jobs import DataFault
from ichdag.number_format import NUMBER

KERNEL_TYPE_RANK = {"soft tissue": 0, "unknown": 1, "sharp": 2}


def select_stack(
    stacks: list[Stack], *, series: str | None, settings: DicomSettings
) -> tuple[Stack, list[dict[str, Any]]]:
    """Return the stack that the rules (or the user's `series`) select, and a record of every stack.

    Raises DataFault if no stack is left, the named series does not exist, or the stacks left are of several studies.
    """
    named = stacks if series is None else [stack for stack in stacks if _is_named(stack, series)]
    if not named:
        numbers = ", ".join(sorted({_shown_number(stack) for stack in stacks}))
        raise DataFault("cohort", f"the series named in the sheet is not there: found series {numbers}")
    reasons = [first_exclusion(stack, named=series is not None, settings=settings) for stack in named]
    remaining = [stack for stack, (_, reason) in zip(named, reasons, strict=True) if reason is None]
    if not remaining:
        raise DataFault("cohort", _join_reasons(named, reasons))
    _refuse_several_studies(remaining)
    chosen = min(remaining, key=lambda stack: _rank(stack, settings))
    reason_of = {id(stack): reason for stack, (_, reason) in zip(named, reasons, strict=True)}
    records = []
    for stack in stacks:
        excluded_by = reason_of.get(id(stack), "not the series named in the sheet")
        reason = None if stack is chosen else excluded_by or "ranked behind the chosen series"
        records.append(describe_stack(stack, settings) | {"chosen": stack is chosen, "reason": reason})
    return chosen, records


def _refuse_several_studies(stacks: list[Stack]) -> None:
    """Raise DataFault if stacks are of several studies. Naming a series does not help if they are of one series."""
    studies = {stack.study for stack in stacks} - {""}
    if len(studies) > 1:
        one_series = len({stack.uid for stack in stacks}) == 1
        cure = "all of one series, export it anew" if one_series else "give one folder a scan or name the series"
        raise DataFault("cohort", f"several studies: {len(studies)} of them, {cure}")


def _rank(stack: Stack, settings: DicomSettings) -> tuple[Any, ...]:
    """Return the sort key of a stack: the lowest one is selected."""
    geometry = stack.known_geometry
    step = round(geometry.step_mm, 2)
    is_thin = step < settings.min_slice_step_mm
    kernel_rank = KERNEL_TYPE_RANK[kernel_type(stack, settings)]
    coverage = -round(geometry.coverage_mm)
    order = (stack.number is None, stack.number or 0, stack.uid)
    return (has_contrast(stack, settings), kernel_rank, is_thin, -step if is_thin else step, coverage, *order)


def _is_named(stack: Stack, series: str) -> bool:
    """Return whether a stack has this SeriesInstanceUID, this SeriesNumber, or these words in its SeriesDescription.

    A number always means SeriesNumber. Slices of a merged stack may have several UIDs and numbers.
    """
    series = str(series).strip()
    if any(series == get_text(plane.header, "SeriesInstanceUID") for plane in stack.slices):
        return True
    if NUMBER.fullmatch(series):
        return any(get_number(plane.header, "SeriesNumber") == float(series) for plane in stack.slices)
    return bool(series) and series.lower() in get_text(stack.header, "SeriesDescription").lower()


def _shown_number(stack: Stack) -> str:
    return "n/a" if stack.shown_number is None else str(stack.shown_number)


def _join_reasons(stacks: list[Stack], reasons: list[tuple[int, str | None]]) -> str:
    """Return the reason of the stack that passed the most rules, then those of the others: four at most, each once."""
    order = sorted(range(len(stacks)), key=lambda index: (-reasons[index][0], -len(stacks[index].slices)))
    numbers_by_reason: dict[str, list[str]] = {}
    for index in order:
        numbers_by_reason.setdefault(str(reasons[index][1]), []).append(_shown_number(stacks[index]))
    texts = [f"{reason} (series {', '.join(dict.fromkeys(names))})" for reason, names in numbers_by_reason.items()]
    more = [f"and {len(texts) - 4} other reasons"] if len(texts) > 4 else []
    return "; ".join([*texts[:4], *more])
