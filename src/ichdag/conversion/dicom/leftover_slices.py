"""No slice of the chosen series may be lost: what lies between or beyond those that are taken, and does not fit.

A second reconstruction or acquisition has slices at the same places, or is a scan of its own; it is another stack.
"""

import numpy as np

from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.series_attributes import modality_of, words_in
from ichdag.conversion.dicom.series_relation import kinship, same_description
from ichdag.conversion.dicom.stack_geometry import is_even
from ichdag.conversion.dicom.stack_merging import differences, left_out, places_along, texts
from ichdag.conversion.dicom.stacks import Stack
from ichdag.jobs import DataFault

PARALLEL = np.cos(np.radians(10))
NEXT = 1.05  # steps beyond the first and last slice within which another one goes on
FINER = 0.75  # of a step: slices that lie between others make a step at most so large
CHANCE = 0.01  # of a step: how evenly slices of another series lie between, which is no chance
WATCHED = 3  # images at one place: it was watched over time


def refuse_lost_slices(chosen: Stack, stacks: list[Stack], settings: DicomSettings, *, named: bool) -> None:
    """Raise DataFault if slices that are not taken lie between those that are, or go on from them.

    Stacks of the series count, by any of its names; of another series of the study (where the user `named` none) only
    slices that fill the steps evenly, or go on at the same step.
    """
    kin = [(other, kinship(chosen, other)) for other in stacks if other is not chosen]
    may = [other for other, kind in kin if kind and _may_fill(chosen, other, settings, named)]
    fill = _filling(may, chosen, settings)
    for other, kind in kin:
        count = 0
        if kind in ("series", "twin") or any(other is one for one in fill):
            own = not any(other is one for one in fill) and _is_other_scan(chosen, other, kind, settings)
            count = 0 if own else _lost(chosen, other, settings)
        elif kind == "study" and not named and _goes_on(chosen, other, settings):
            count = len(other.slices)
        if count:
            found = f"{count} of its slices lie between or next to the {len(chosen.slices)} that fit"
            raise DataFault("cohort", f"the series is in parts: {found}, and {_told(chosen, other, settings)}")


def _told(chosen: Stack, other: Stack, settings: DicomSettings) -> str:
    """In what slices that are left differ, and what to do."""
    names = {"series number": chosen.number == other.number, "series UID": chosen.uid == other.uid}
    found = [*differences(chosen, other, settings), *(name for name, is_same in names.items() if not is_same)]
    if not found:
        return "some of them lie twice at one place, export it anew"
    cure = ", or name the series" if kinship(chosen, other) == "study" and chosen.uid != other.uid else ""
    return f"differ in {' and '.join(found)}, export it anew{cure}"


def _may_fill(chosen: Stack, other: Stack, settings: DicomSettings, named: bool) -> bool:
    """Whether slices of a stack could be those that lie between the chosen ones."""
    if other.geometry is None or abs(chosen.geometry.normal @ other.geometry.normal) < PARALLEL:
        return False
    if chosen.uid == other.uid or kinship(chosen, other) == "twin":
        return texts(chosen, "Rows", "Columns") == texts(other, "Rows", "Columns")
    return not named and not {*differences(chosen, other, settings)} - {"kernel", "kind of image"}


def _filling(others: list[Stack], chosen: Stack, settings: DicomSettings) -> list[Stack]:
    """The stacks that, alone or all together, part the steps of the chosen one into even, smaller ones."""
    alone = [other for other in others if _fills(chosen, [other], settings)]
    return others if len(others) > 1 and _fills(chosen, others, settings) else alone


def _fills(chosen: Stack, others: list[Stack], settings: DicomSettings) -> bool:
    own, limit = chosen.geometry.distances_mm, settings.position_tolerance_mm
    places = own
    for other in others:
        more = places_along(chosen, other)
        places = np.concatenate([places, more[(np.abs(more[:, None] - places) > limit).all(axis=1)]])
    if len(places) == len(own):
        return False
    places = np.sort(places)
    step = float(np.median(np.diff(places)))
    steps = [stack.geometry.step_mm for stack in (chosen, *others) if len(stack.slices) > 1]
    if any(other.uid != chosen.uid and kinship(chosen, other) == "study" for other in others):
        limit = min(limit, CHANCE * chosen.geometry.step_mm)
    wanted = np.linspace(places[0], places[-1], len(places))
    return step <= FINER * min(steps) and bool(np.abs(places - wanted).max() <= limit)


def _is_other_scan(chosen: Stack, other: Stack, kind: str | None, settings: DicomSettings) -> bool:
    """Whether a stack of the series is a scan of its own: even, and whole where the chosen one is.

    Under one UID and number it has another step, too, and a slice at one place with the chosen ones.
    """
    if other.geometry is None or len(other.slices) < settings.smallest_slices or not is_even(other.geometry, settings):
        return False
    own, places = chosen.geometry, places_along(chosen, other)
    covers = places.min() < NEXT * own.step_mm and places.max() > own.extent_mm - NEXT * own.step_mm
    if kind == "twin":
        return covers or other.geometry.coverage_mm >= settings.smallest_coverage_mm
    same = np.isclose(other.geometry.step_mm, own.step_mm, rtol=0.1)
    return covers and not same and bool(_coincide(chosen, places, settings).any())


def _coincide(chosen: Stack, places: np.ndarray, settings: DicomSettings) -> np.ndarray:
    """Which places have a slice of the chosen stack."""
    return (np.abs(places[:, None] - chosen.geometry.distances_mm) <= settings.position_tolerance_mm).any(axis=1)


def _lost(chosen: Stack, other: Stack, settings: DicomSettings) -> int:
    """How many slices of another stack of the series belong between or beyond those of the chosen one."""
    same_size = texts(chosen, "Rows", "Columns") == texts(other, "Rows", "Columns")
    beside = bool(left_out(other, settings))
    if beside and not same_size:
        return 0  # a picture beside the scan
    if other.geometry is None:
        return len(other.slices) if modality_of(other) == "CT" and not beside and same_size else 0
    own, limit = chosen.geometry, settings.position_tolerance_mm
    if abs(own.normal @ other.geometry.normal) < PARALLEL:
        return 0
    if len(other.slices) >= WATCHED and other.geometry.extent_mm <= limit:
        return 0
    places = places_along(chosen, other)
    there = _coincide(chosen, places, settings)
    again = 2 * there.sum() >= len(there)
    outside = (places < -limit) | (places > own.extent_mm + limit)
    near = (places > -NEXT * own.step_mm) & (places < own.extent_mm + NEXT * own.step_mm)
    further = same_size and not beside and _goes_with(other, settings)
    lost = outside & further if again else (near & ~there) | (outside & further)
    return int(np.count_nonzero(lost))


def _goes_with(other: Stack, settings: DicomSettings) -> bool:
    """Whether slices beyond an end belong to the scan: CT by no other name, too few to be a head of their own."""
    whole = other.geometry.coverage_mm >= settings.smallest_coverage_mm and is_even(other.geometry, settings)
    return modality_of(other) == "CT" and not whole and not words_in(other, settings.left_out_words)


def _goes_on(chosen: Stack, other: Stack, settings: DicomSettings) -> bool:
    """Whether another series begins one step beyond an end, alike in all else, and is no head of its own."""
    if other.geometry is None or not same_description(chosen, other) or differences(chosen, other, settings):
        return False
    own, places = chosen.geometry, places_along(chosen, other)
    gap = max(-places.max(), places.min() - own.extent_mm)
    steps = [gap, other.geometry.step_mm] if len(other.slices) > 1 else [gap]
    next_one = np.allclose(steps, own.step_mm, rtol=0, atol=settings.position_tolerance_mm)
    return bool(next_one) and _goes_with(other, settings)
