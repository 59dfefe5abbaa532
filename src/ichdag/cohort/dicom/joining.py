"""Slices of one series whose headers differ in what does not matter are one stack again; others must not be lost."""

from typing import Any

import numpy as np

from ichdag.cohort.dicom.character import modality_of
from ichdag.cohort.dicom.geometry import measure
from ichdag.cohort.dicom.headers import text
from ichdag.cohort.dicom.settings import DicomSettings
from ichdag.cohort.dicom.stacks import Stack, repeats
from ichdag.jobs import DataFault

SPACING_TOLERANCE = 1e-3  # of a pixel's edge: a quarter of a pixel at the rim of 512
AXIS_TOLERANCE = 0.01  # of a direction's components: 0.6 degrees, a millimeter at the rim of a head
# ASSUME: slices of one series may differ so; a tenth of a pixel at a corner of 512 x 512, 0.0003, would lose scans.
PARALLEL = np.cos(np.radians(10))
NEXT = 1.05  # steps beyond the first and last slice within which another one goes on


def join(stacks: list[Stack], settings: DicomSettings) -> list[Stack]:
    """Put stacks of one series together that are alike and have no slices at one place; order as it was."""
    joined: list[Stack] = []
    for stack in sorted(stacks, key=lambda one: -len(one.slices)):
        for index, other in enumerate(joined):
            if _alike(other, stack, settings):
                both = Stack(*measure([*other.slices, *stack.slices]))
                if not repeats(both, settings):
                    joined[index] = both
                    break
        else:
            joined.append(stack)
    places = {id(plane): number for number, stack in enumerate(stacks) for plane in stack.slices}
    return sorted(joined, key=lambda one: min(places[id(plane)] for plane in one.slices))


def refuse_lost_slices(chosen: Stack, stacks: list[Stack], settings: DicomSettings) -> None:
    """Raise DataFault if slices of the chosen series that are not taken lie between those that are, or go on from them.

    What has slices where the chosen stack has some (a second acquisition or reconstruction) is another stack.
    """
    for other in stacks:
        if other is not chosen and _same_series(chosen, other):
            count = _lost(chosen, other, settings)
            if count:
                differing = " and ".join(_differences(chosen, other, settings)) or "their headers"
                found = f"{count} of its slices lie between or next to the {len(chosen.slices)} that fit"
                raise DataFault("cohort", f"the series is in parts: {found}, and differ in {differing}, export it anew")


def _same_series(one: Stack, other: Stack) -> bool:
    """Whether two stacks have one series UID, and not two series numbers: some programs give one UID to all."""
    return one.uid == other.uid and (None in (one.number, other.number) or one.number == other.number)


def _alike(one: Stack, other: Stack, settings: DicomSettings) -> bool:
    """Whether two stacks of a series may be one, if their places allow."""
    if one.geometry is None or other.geometry is None or not _same_series(one, other):
        return False
    return not _differences(one, other, settings)


def _differences(one: Stack, other: Stack, settings: DicomSettings) -> list[str]:
    """In what two stacks differ too much to be one."""
    first, second = one.slices[0], other.slices[0]
    spacing, orientation = (first.spacing, second.spacing), (first.orientation, second.orientation)
    kernels = {text(stack.header, "ConvolutionKernel").casefold() for stack in (one, other)} - {""}
    same = {
        "modality": modality_of(one) == modality_of(other),
        "kind of image": _texts(one, "SOPClassUID", "BitsAllocated") == _texts(other, "SOPClassUID", "BitsAllocated"),
        "matrix": _texts(one, "Rows", "Columns") == _texts(other, "Rows", "Columns"),
        "pixel spacing": _close(*spacing, rtol=SPACING_TOLERANCE, atol=0),
        "orientation": _close(*orientation, rtol=0, atol=AXIS_TOLERANCE),
        "image type": _left_out(one, settings) == _left_out(other, settings),
        "kernel": len(kernels) < 2,
        "position": None not in (one.geometry, other.geometry),
    }
    return [name for name, is_same in same.items() if not is_same]


def _texts(stack: Stack, *names: str) -> list[str]:
    return [text(stack.header, name) for name in names]


def _close(one: Any, other: Any, **tolerances: float) -> bool:
    return one is not None and other is not None and np.allclose(one, other, **tolerances)


def _left_out(stack: Stack, settings: DicomSettings) -> set[str]:
    """Those of its image types for which a stack is left out."""
    return stack.image_types & {kind.upper() for kind in settings.left_out_image_types}


def _lost(chosen: Stack, other: Stack, settings: DicomSettings) -> int:
    """How many slices of another stack of the series belong between or next to those of the chosen one."""
    size = ("Rows", "Columns")
    if _left_out(other, settings) and _texts(chosen, *size) != _texts(other, *size):
        return 0  # a picture beside the scan
    if other.geometry is None:
        same = modality_of(other) == "CT" and not _left_out(other, settings)
        return len(other.slices) if same and _texts(chosen, *size) == _texts(other, *size) else 0
    own, limit = chosen.geometry, settings.position_tolerance_mm
    if abs(own.normal @ other.geometry.normal) < PARALLEL:
        return 0
    if len(other.slices) > 1 and other.geometry.extent_mm <= limit:
        return 0  # one place watched over time
    places = np.array([plane.position for plane in other.slices]) @ own.normal - own.origin @ own.normal
    if (np.abs(places[:, None] - own.distances_mm) <= limit).any():
        return 0
    reach = NEXT * own.step_mm
    return int(np.count_nonzero((places > -reach) & (places < own.extent_mm + reach)))
