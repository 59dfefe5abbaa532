"""Slices of one series whose headers differ in what does not matter are one stack again.

A series may lie under several UIDs, or under several numbers: see `kinship`.
"""

from typing import Any

import numpy as np

from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.duplicate_images import same_image
from ichdag.conversion.dicom.headers import text
from ichdag.conversion.dicom.series_attributes import modality_of
from ichdag.conversion.dicom.series_relation import kinship
from ichdag.conversion.dicom.stack_geometry import is_even, measure
from ichdag.conversion.dicom.stacks import Stack, repeats

SPACING_TOLERANCE = 1e-3  # of a pixel's edge: a quarter of a pixel at the rim of 512
AXIS_TOLERANCE = 0.01  # of a direction's components: 0.6 degrees, a millimeter at the rim of a head
# ASSUME: slices of one series may differ so; a tenth of a pixel at a corner of 512 x 512, 0.0003, would lose scans.


def join(stacks: list[Stack], settings: DicomSettings) -> list[Stack]:
    """Put stacks of one series together that are alike and have no slices at one place; order as it was."""
    joined = [whole for group in _groups(stacks, settings) for whole in _together(group, settings)]
    places = {id(plane): number for number, stack in enumerate(stacks) for plane in stack.slices}
    return sorted(joined, key=lambda one: min(places[id(plane)] for plane in one.slices))


def _groups(stacks: list[Stack], settings: DicomSettings) -> list[list[Stack]]:
    """Stacks that may be one; those that name a kernel come first, for none is like every one."""
    groups: list[list[Stack]] = []
    for stack in sorted(stacks, key=lambda one: (not text(one.header, "ConvolutionKernel"), -len(one.slices))):
        group = next((group for group in groups if _alike(group[0], stack, settings)), None)
        if group is None:
            groups.append([stack])
        else:
            group.append(stack)
    return groups


def _together(group: list[Stack], settings: DicomSettings) -> list[Stack]:
    """All of a group as one stack, or as many of it as go together."""
    if len(group) > 1 and (whole := _whole(group, settings)):
        return [whole]
    parts: list[Stack] = []
    for stack in group:
        for index, other in enumerate(parts):
            if both := _whole([other, stack], settings):
                parts[index] = both
                break
        else:
            parts.append(stack)
    return parts


def _whole(group: list[Stack], settings: DicomSettings) -> Stack | None:
    """The slices of stacks as one stack; None if some lie at one place, or different series give no even grid."""
    whole = group[0]
    for other in group[1:]:
        whole = Stack(*measure([*whole.slices, *_new(whole, other, settings)]))
    one_series = all(kinship(group[0], other) == "series" for other in group[1:])
    if repeats(whole, settings) or not (one_series or is_even(whole.geometry, settings)):
        return None
    return whole


def _new(stack: Stack, other: Stack, settings: DicomSettings) -> list[Any]:
    """The slices of the other stack without those, fewer than half, that were sent with both and show the same."""
    apart = np.abs(places_along(stack, other)[:, None] - stack.geometry.distances_mm)
    nearest = apart.argmin(axis=1)
    both = apart.min(axis=1) <= settings.position_tolerance_mm
    if not both.any() or 2 * both.sum() >= len(both):
        return other.slices
    pairs = [(other.slices[index], stack.slices[nearest[index]]) for index in np.flatnonzero(both)]
    if not all(same_image(*pair) for pair in pairs):
        return other.slices
    return [plane for plane, again in zip(other.slices, both, strict=True) if not again]


def places_along(stack: Stack, other: Stack) -> np.ndarray:
    """Where the slices of another stack lie along the normal of a stack, from its first slice, in mm."""
    normal = stack.geometry.normal
    return np.array([plane.position for plane in other.slices]) @ normal - stack.geometry.origin @ normal


def _alike(one: Stack, other: Stack, settings: DicomSettings) -> bool:
    """Whether two stacks of a series may be one, if their places allow."""
    if one.geometry is None or other.geometry is None or kinship(one, other) not in ("series", "twin"):
        return False
    return not differences(one, other, settings)


def differences(one: Stack, other: Stack, settings: DicomSettings) -> list[str]:
    """In what two stacks differ too much to be one."""
    first, second = one.slices[0], other.slices[0]
    spacing, orientation = (first.spacing, second.spacing), (first.orientation, second.orientation)
    kernels = {text(stack.header, "ConvolutionKernel").casefold() for stack in (one, other)} - {""}
    same = {
        "modality": modality_of(one) == modality_of(other),
        "kind of image": texts(one, "SOPClassUID", "BitsAllocated") == texts(other, "SOPClassUID", "BitsAllocated"),
        "matrix": texts(one, "Rows", "Columns") == texts(other, "Rows", "Columns"),
        "pixel spacing": _close(*spacing, rtol=SPACING_TOLERANCE, atol=0),
        "orientation": _close(*orientation, rtol=0, atol=AXIS_TOLERANCE),
        "image type": left_out(one, settings) == left_out(other, settings),
        "kernel": len(kernels) < 2,
        "position": None not in (one.geometry, other.geometry),
        "study": len({one.study, other.study} - {""}) < 2,
    }
    return [name for name, is_same in same.items() if not is_same]


def texts(stack: Stack, *names: str) -> list[str]:
    """Tags of a stack's first header, as text."""
    return [text(stack.header, name) for name in names]


def _close(one: Any, other: Any, **tolerances: float) -> bool:
    return one is not None and other is not None and np.allclose(one, other, **tolerances)


def left_out(stack: Stack, settings: DicomSettings) -> set[str]:
    """Those of its image types for which a stack is left out."""
    return stack.image_types & {kind.upper() for kind in settings.left_out_image_types}
