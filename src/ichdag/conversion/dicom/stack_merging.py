"""Merge stacks of one series whose headers differ only in details.

A series may have several UIDs or several numbers: see `series_relation`.
"""

import numpy as np

from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.duplicate_images import has_same_pixels
from ichdag.conversion.dicom.headers import Slice, get_text
from ichdag.conversion.dicom.series_attributes import get_modality
from ichdag.conversion.dicom.series_relation import series_relation
from ichdag.conversion.dicom.stack_geometry import is_evenly_spaced, measure_stack
from ichdag.conversion.dicom.stacks import Stack, has_repeated_positions

SPACING_TOLERANCE = 1e-3  # of a pixel's edge: a quarter of a pixel at the rim of 512
AXIS_TOLERANCE = 0.01  # of a direction's components: 0.6 degrees, a millimeter at the rim of a head
# ASSUME: slices of a series may differ by this; a tenth of a pixel at a corner of 512 x 512 (0.0003) would lose scans.


def merge_stacks(stacks: list[Stack], settings: DicomSettings) -> list[Stack]:
    """Merge stacks of one series that are alike and have no slices at one position; the order stays."""
    merged = [stack for group in _group_compatible(stacks, settings) for stack in _merge_group(group, settings)]
    order = {id(plane): index for index, stack in enumerate(stacks) for plane in stack.slices}
    return sorted(merged, key=lambda stack: min(order[id(plane)] for plane in stack.slices))


def _group_compatible(stacks: list[Stack], settings: DicomSettings) -> list[list[Stack]]:
    """Group stacks that may be one; those with a kernel come first, for a missing kernel fits every other."""
    groups: list[list[Stack]] = []
    for stack in sorted(
        stacks, key=lambda stack: (not get_text(stack.header, "ConvolutionKernel"), -len(stack.slices))
    ):
        group = next((group for group in groups if _may_merge(group[0], stack, settings)), None)
        if group is None:
            groups.append([stack])
        else:
            group.append(stack)
    return groups


def _merge_group(group: list[Stack], settings: DicomSettings) -> list[Stack]:
    """Merge all stacks of a group into one, or as many of them as fit together."""
    if len(group) > 1 and (merged := _merged(group, settings)):
        return [merged]
    stacks: list[Stack] = []
    for stack in group:
        for index, other in enumerate(stacks):
            if merged := _merged([other, stack], settings):
                stacks[index] = merged
                break
        else:
            stacks.append(stack)
    return stacks


def _merged(group: list[Stack], settings: DicomSettings) -> Stack | None:
    """Merge stacks into one; None if slices share a position, or different series are not evenly spaced together."""
    merged = group[0]
    for other in group[1:]:
        merged = Stack(*measure_stack([*merged.slices, *_without_duplicates(merged, other, settings)]))
    one_series = all(series_relation(group[0], other) == "series" for other in group[1:])
    if has_repeated_positions(merged, settings):
        return None
    return merged if one_series or is_evenly_spaced(merged.known_geometry, settings) else None


def _without_duplicates(stack: Stack, other: Stack, settings: DicomSettings) -> list[Slice]:
    """Return the slices of the other stack without those, fewer than half, that are duplicates of the first's."""
    distances = np.abs(positions_along_normal(stack, other)[:, None] - stack.known_geometry.distances_mm)
    nearest = distances.argmin(axis=1)
    shared = distances.min(axis=1) <= settings.position_tolerance_mm
    if not shared.any() or 2 * shared.sum() >= len(shared):
        return other.slices
    pairs = [(other.slices[index], stack.slices[nearest[index]]) for index in np.flatnonzero(shared)]
    if not all(has_same_pixels(*pair) for pair in pairs):
        return other.slices
    return [plane for plane, is_shared in zip(other.slices, shared, strict=True) if not is_shared]


def positions_along_normal(stack: Stack, other: Stack) -> np.ndarray:
    """Return the positions (n,) of the slices of another stack along the normal of a stack, mm from its first slice."""
    geometry = stack.known_geometry
    positions = np.array([plane.position for plane in other.slices])
    return positions @ geometry.normal - geometry.origin @ geometry.normal


def _may_merge(first: Stack, second: Stack, settings: DicomSettings) -> bool:
    """Return whether two stacks are of one series, with headers that allow to merge them."""
    if first.geometry is None or second.geometry is None or series_relation(first, second) not in ("series", "twin"):
        return False
    return not header_differences(first, second, settings)


def header_differences(first: Stack, second: Stack, settings: DicomSettings) -> list[str]:
    """Return in what the headers of two stacks differ too much for one stack, as words for a reason."""
    planes = (first.slices[0], second.slices[0])
    kernels = {get_text(stack.header, "ConvolutionKernel").casefold() for stack in (first, second)} - {""}
    kinds = [get_texts(stack, "SOPClassUID", "BitsAllocated") for stack in (first, second)]
    same = {
        "modality": get_modality(first) == get_modality(second),
        "kind of image": kinds[0] == kinds[1],
        "matrix": get_texts(first, "Rows", "Columns") == get_texts(second, "Rows", "Columns"),
        "pixel spacing": _close(planes[0].spacing, planes[1].spacing, rtol=SPACING_TOLERANCE),
        "orientation": _close(planes[0].orientation, planes[1].orientation, atol=AXIS_TOLERANCE),
        "image type": excluded_image_types(first, settings) == excluded_image_types(second, settings),
        "kernel": len(kernels) < 2,
        "position": first.geometry is not None and second.geometry is not None,
        "study": len({first.study, second.study} - {""}) < 2,
    }
    return [name for name, is_same in same.items() if not is_same]


def get_texts(stack: Stack, *keywords: str) -> list[str]:
    """Return elements of the first header of a stack as text."""
    return [get_text(stack.header, keyword) for keyword in keywords]


def _close(first: np.ndarray | None, second: np.ndarray | None, *, rtol: float = 0, atol: float = 0) -> bool:
    return first is not None and second is not None and np.allclose(first, second, rtol=rtol, atol=atol)


def excluded_image_types(stack: Stack, settings: DicomSettings) -> set[str]:
    """Return those of its image types for which a stack is left out."""
    return stack.image_types & {kind.upper() for kind in settings.excluded_image_types}
