"""Which stack is taken among those that no rule leaves out. The package's docstring states the rules."""

from typing import Any

from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.exclusion_rules import against
from ichdag.conversion.dicom.headers import number, text
from ichdag.conversion.dicom.series_attributes import character_of, describe, has_contrast
from ichdag.conversion.dicom.stacks import Stack
from ichdag.jobs import DataFault
from ichdag.number_format import NUMBER

CHARACTER = {"soft tissue": 0, "unknown": 1, "sharp": 2}


def choose(stacks: list[Stack], *, series: str | None, settings: DicomSettings) -> tuple[Stack, list[dict[str, Any]]]:
    """The stack the rules (or the user's `series`) take, and a record of every stack found.

    Raises DataFault if none is left, the named series is not there, or several studies are.
    """
    named = stacks if series is None else [stack for stack in stacks if _is_named(stack, series)]
    if not named:
        numbers = ", ".join(sorted({_words(stack) for stack in stacks}))
        raise DataFault("cohort", f"the series named in the sheet is not there: found series {numbers}")
    reasons = [against(stack, named=series is not None, settings=settings) for stack in named]
    left = [stack for stack, (_, reason) in zip(named, reasons, strict=True) if reason is None]
    if not left:
        raise DataFault("cohort", _all_reasons(named, reasons))
    _refuse_studies(left)
    chosen = min(left, key=lambda stack: _rank(stack, settings))
    why = {id(stack): reason for stack, (_, reason) in zip(named, reasons, strict=True)}
    records = []
    for stack in stacks:
        otherwise = why.get(id(stack), "not the series named in the sheet")
        reason = None if stack is chosen else otherwise or "ranked behind the chosen series"
        records.append(describe(stack, settings) | {"chosen": stack is chosen, "reason": reason})
    return chosen, records


def _refuse_studies(stacks: list[Stack]) -> None:
    """Raise DataFault if stacks are of several studies. Those of one series cannot be told apart by naming it."""
    studies = {stack.study for stack in stacks} - {""}
    if len(studies) > 1:
        one_series = len({stack.uid for stack in stacks}) == 1
        cure = "all of one series, export it anew" if one_series else "give one folder a scan or name the series"
        raise DataFault("cohort", f"several studies: {len(studies)} of them, {cure}")


def _rank(stack: Stack, settings: DicomSettings) -> tuple[Any, ...]:
    step = round(stack.geometry.step_mm, 2)
    thin = step < settings.thinnest_mm
    character = CHARACTER[character_of(stack, settings)]
    coverage = -round(stack.geometry.coverage_mm)
    order = (stack.number is None, stack.number or 0, stack.uid)
    return (has_contrast(stack, settings), character, thin, -step if thin else step, coverage, *order)


def _is_named(stack: Stack, series: str) -> bool:
    """Whether a stack is meant: by UID, by SeriesNumber (which a number always is) or by words of its description.

    Slices that were put together may have several.
    """
    series = str(series).strip()
    if any(series == text(plane.header, "SeriesInstanceUID") for plane in stack.slices):
        return True
    if NUMBER.fullmatch(series):
        return any(number(plane.header, "SeriesNumber") == float(series) for plane in stack.slices)
    return bool(series) and series.lower() in text(stack.header, "SeriesDescription").lower()


def _words(stack: Stack) -> str:
    return "n/a" if stack.shown_number is None else str(stack.shown_number)


def _all_reasons(stacks: list[Stack], reasons: list[tuple[int, str | None]]) -> str:
    """The reason of the stack that came furthest, then those of the others: four at most, each once."""
    order = sorted(range(len(stacks)), key=lambda index: (-reasons[index][0], -len(stacks[index].slices)))
    holders: dict[str, list[str]] = {}
    for index in order:
        holders.setdefault(str(reasons[index][1]), []).append(_words(stacks[index]))
    texts = [f"{reason} (series {', '.join(dict.fromkeys(names))})" for reason, names in holders.items()]
    more = [f"and {len(texts) - 4} other reasons"] if len(texts) > 4 else []
    return "; ".join([*texts[:4], *more])
