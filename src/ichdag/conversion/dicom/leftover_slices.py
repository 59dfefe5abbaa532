"""Refuse a scan if slices of its series are left over: they lie between or next to the chosen slices and do not fit.

A second reconstruction or acquisition has slices at the same positions, or is a scan of its own: it is another stack,
and its slices are not left over.
"""

import numpy as np

from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.series_attributes import get_modality, matching_words
from ichdag.conversion.dicom.series_relation import same_description, series_relation
from ichdag.conversion.dicom.stack_geometry import StackGeometry, is_evenly_spaced
from ichdag.conversion.dicom.stack_merging import (
    excluded_image_types,
    get_texts,
    header_differences,
    positions_along_normal,
)
from ichdag.conversion.dicom.stacks import Stack
from ichdag.jobs import DataFault

MIN_PARALLEL_COSINE = np.cos(np.radians(10))  # between the normals of stacks that count as parallel
MAX_STEPS_BEYOND_END = 1.05  # between the first or last slice and one that continues the scan
MAX_INTERLEAVED_STEP = 0.75  # of a step: distance between slices when those of another stack lie between them
INTERLEAVED_TOLERANCE = 0.01  # of a step: slices of another series that lie so evenly between are no coincidence
MIN_TIME_SERIES_IMAGES = 3  # images at one position: a time series


def refuse_leftover_slices(chosen: Stack, stacks: list[Stack], settings: DicomSettings, *, named: bool) -> None:
    """Raise DataFault if slices of other stacks lie between those of the chosen stack, or continue it.

    This holds for stacks of the same series, by any of its identifiers. Of another series of the study (and only if the
    user `named` no series) slices count that lie evenly between the chosen ones, or continue at the same distance.
    """
    related = [(other, series_relation(chosen, other)) for other in stacks if other is not chosen]
    candidates = [other for other, relation in related if relation and _may_interleave(chosen, other, settings, named)]
    interleaved = {id(other) for other in _interleaved(candidates, chosen, settings)}
    for other, relation in related:
        count = 0
        if id(other) in interleaved:
            count = _count_leftover(chosen, other, settings)
        elif relation in ("series", "twin"):
            separate = _is_separate_scan(chosen, other, relation, settings)
            count = 0 if separate else _count_leftover(chosen, other, settings)
        elif relation == "study" and not named and _continues(chosen, other, settings):
            count = len(other.slices)
        if count:
            reason = f"{count} of its slices lie between or next to the {len(chosen.slices)} that fit"
            raise DataFault("cohort", f"the series is in parts: {reason}, and {_explain(chosen, other, settings)}")


def _explain(chosen: Stack, other: Stack, settings: DicomSettings) -> str:
    """Return in what the leftover slices differ, and what to do."""
    same = {"series number": chosen.number == other.number, "series UID": chosen.uid == other.uid}
    differences = [*header_differences(chosen, other, settings), *(name for name in same if not same[name])]
    if not differences:
        return "some of them lie twice at one place, export it anew"
    cure = ", or name the series" if series_relation(chosen, other) == "study" and chosen.uid != other.uid else ""
    return f"differ in {' and '.join(differences)}, export it anew{cure}"


def _may_interleave(chosen: Stack, other: Stack, settings: DicomSettings, named: bool) -> bool:
    """Return whether slices of a stack could belong between the chosen ones."""
    if other.geometry is None or not _is_parallel(chosen.known_geometry, other.geometry):
        return False
    if chosen.uid == other.uid or series_relation(chosen, other) == "twin":
        return _same_matrix(chosen, other)
    return not named and not {*header_differences(chosen, other, settings)} - {"kernel", "kind of image"}


def _is_parallel(first: StackGeometry, second: StackGeometry) -> bool:
    return bool(abs(first.normal @ second.normal) >= MIN_PARALLEL_COSINE)


def _same_matrix(first: Stack, second: Stack) -> bool:
    return get_texts(first, "Rows", "Columns") == get_texts(second, "Rows", "Columns")


def _interleaved(others: list[Stack], chosen: Stack, settings: DicomSettings) -> list[Stack]:
    """Return the stacks that, alone or all together, divide the steps of the chosen stack into even, smaller ones."""
    alone = [other for other in others if _divide_evenly(chosen, [other], settings)]
    return others if len(others) > 1 and _divide_evenly(chosen, others, settings) else alone


def _divide_evenly(chosen: Stack, others: list[Stack], settings: DicomSettings) -> bool:
    geometry = chosen.known_geometry
    limit = settings.position_tolerance_mm
    positions = geometry.distances_mm
    for other in others:
        added = positions_along_normal(chosen, other)
        positions = np.concatenate([positions, added[(np.abs(added[:, None] - positions) > limit).all(axis=1)]])
    if len(positions) == len(geometry.distances_mm):
        return False
    positions = np.sort(positions)
    step = float(np.median(np.diff(positions)))
    steps = [stack.known_geometry.step_mm for stack in (chosen, *others) if len(stack.slices) > 1]
    if any(other.uid != chosen.uid and series_relation(chosen, other) == "study" for other in others):
        limit = min(limit, INTERLEAVED_TOLERANCE * geometry.step_mm)
    even = np.linspace(positions[0], positions[-1], len(positions))
    return step <= MAX_INTERLEAVED_STEP * min(steps) and bool(np.abs(positions - even).max() <= limit)


def _is_separate_scan(chosen: Stack, other: Stack, relation: str, settings: DicomSettings) -> bool:
    """Return whether a stack of the series is a scan of its own: evenly spaced, and as long as the chosen one.

    If UID and number are the same, it must also have another step, and a slice at the position of a chosen one.
    """
    if other.geometry is None or len(other.slices) < settings.min_slices:
        return False
    if not is_evenly_spaced(other.geometry, settings):
        return False
    geometry = chosen.known_geometry
    positions = positions_along_normal(chosen, other)
    margin = MAX_STEPS_BEYOND_END * geometry.step_mm
    covers = bool(positions.min() < margin and positions.max() > geometry.extent_mm - margin)
    if relation == "twin":
        return covers or other.geometry.coverage_mm >= settings.min_coverage_mm
    same_step = np.isclose(other.geometry.step_mm, geometry.step_mm, rtol=0.1)
    return covers and not same_step and bool(_coincide(chosen, positions, settings).any())


def _coincide(chosen: Stack, positions: np.ndarray, settings: DicomSettings) -> np.ndarray:
    """Return which positions (n,), mm, have a slice of the chosen stack: bool (n,)."""
    distances = np.abs(positions[:, None] - chosen.known_geometry.distances_mm)
    return (distances <= settings.position_tolerance_mm).any(axis=1)


def _count_leftover(chosen: Stack, other: Stack, settings: DicomSettings) -> int:
    """Count the slices of another stack of the series that belong between or next to those of the chosen one."""
    same_matrix = _same_matrix(chosen, other)
    is_excluded_type = bool(excluded_image_types(other, settings))
    if is_excluded_type and not same_matrix:
        return 0  # a localizer or another image that is not part of the scan
    if other.geometry is None:
        return len(other.slices) if get_modality(other) == "CT" and not is_excluded_type and same_matrix else 0
    geometry = chosen.known_geometry
    limit = settings.position_tolerance_mm
    if not _is_parallel(geometry, other.geometry):
        return 0
    if len(other.slices) >= MIN_TIME_SERIES_IMAGES and other.geometry.extent_mm <= limit:
        return 0
    positions = positions_along_normal(chosen, other)
    coincide = _coincide(chosen, positions, settings)
    is_repeated = 2 * coincide.sum() >= len(coincide)
    margin = MAX_STEPS_BEYOND_END * geometry.step_mm
    outside = (positions < -limit) | (positions > geometry.extent_mm + limit)
    near = (positions > -margin) & (positions < geometry.extent_mm + margin)
    extends = same_matrix and not is_excluded_type and _is_part_of_head_ct(other, settings)
    leftover = outside & extends if is_repeated else (near & ~coincide) | (outside & extends)
    return int(np.count_nonzero(leftover))


def _is_part_of_head_ct(other: Stack, settings: DicomSettings) -> bool:
    """Return whether a stack is CT without an excluding word in its description, and too short or uneven for a scan."""
    geometry = other.known_geometry
    is_whole = geometry.coverage_mm >= settings.min_coverage_mm and is_evenly_spaced(geometry, settings)
    return get_modality(other) == "CT" and not is_whole and not matching_words(other, settings.excluded_words)


def _continues(chosen: Stack, other: Stack, settings: DicomSettings) -> bool:
    """Return whether another series begins one step beyond an end, is alike in all else, and is not a whole head."""
    if other.geometry is None or not same_description(chosen, other) or header_differences(chosen, other, settings):
        return False
    geometry = chosen.known_geometry
    positions = positions_along_normal(chosen, other)
    gap = max(-positions.max(), positions.min() - geometry.extent_mm)
    steps = [gap, other.geometry.step_mm] if len(other.slices) > 1 else [gap]
    is_next = np.allclose(steps, geometry.step_mm, rtol=0, atol=settings.position_tolerance_mm)
    return bool(is_next) and _is_part_of_head_ct(other, settings)
