"""Stacks: the slices of one series that can stand on each other, and what is known of them."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.headers import Slice, number, text
from ichdag.conversion.dicom.stack_geometry import Geometry, measure

LARGEST_SHOWN = 99_999
PLANES = ("sagittal", "coronal", "axial")


@dataclass(frozen=True)
class Stack:
    """Slices of one series with one matrix, orientation, image type and kernel, sorted along their normal."""

    slices: list[Slice] = field(repr=False)
    geometry: Geometry | None

    @property
    def header(self) -> Dataset:
        """The first slice's header."""
        return self.slices[0].header

    @property
    def uid(self) -> str:
        """SeriesInstanceUID."""
        return text(self.header, "SeriesInstanceUID")

    @property
    def study(self) -> str:
        """StudyInstanceUID."""
        return text(self.header, "StudyInstanceUID")

    @property
    def number(self) -> int | None:
        """SeriesNumber."""
        value = number(self.header, "SeriesNumber")
        return None if value is None else int(value)

    @property
    def shown_number(self) -> int | None:
        """SeriesNumber where it may be told: a longer one may be a date or a patient's number."""
        return self.number if self.number is not None and 0 <= self.number <= LARGEST_SHOWN else None

    @property
    def plane(self) -> str | None:
        """axial, coronal or sagittal, whichever is nearest."""
        return None if self.geometry is None else PLANES[int(np.abs(self.geometry.normal).argmax())]

    @cached_property
    def image_types(self) -> set[str]:
        """Values of ImageType (of FrameType in a multi-frame file), in capitals."""
        return set(_image_type(self.header))


def stacks_of(slices: list[Slice], settings: DicomSettings) -> list[Stack]:
    """Sort slices into stacks, series by series, in the order of their numbers."""
    groups: dict[tuple[Any, ...], list[Slice]] = {}
    for plane in slices:
        groups.setdefault(_likeness(plane), []).append(plane)
    stacks = []
    for group in groups.values():
        for part in _by_orientation(group):
            stacks += _by_acquisition(part, settings)
    return sorted(stacks, key=lambda stack: (stack.number is None, stack.number or 0, stack.uid, -len(stack.slices)))


def _image_type(header: Dataset) -> tuple[str, ...]:
    value = header.get("FrameType") or header.get("ImageType") or ()
    return tuple(str(part).strip().upper() for part in ([value] if isinstance(value, str) else value))


def _likeness(plane: Slice) -> tuple[Any, ...]:
    """What slices of one stack share; of the image type three values, for what follows is the vendor's own."""
    header, spacing = plane.header, plane.spacing
    names = ("SeriesInstanceUID", "SeriesNumber", "Modality", "Rows", "Columns", "SOPClassUID", "BitsAllocated")
    shared = tuple(text(header, name).casefold() for name in (*names, "ConvolutionKernel", "StudyInstanceUID"))
    return (*shared, _image_type(header)[:3], None if spacing is None else tuple(spacing.round(4)))


def _by_orientation(slices: list[Slice]) -> list[list[Slice]]:
    parts: list[list[Slice]] = []
    for plane in slices:
        for part in parts:
            one, other = part[0].orientation, plane.orientation
            if (one is None) == (other is None) and (one is None or np.abs(one - other).max() < 0.005):
                part.append(plane)
                break
        else:
            parts.append([plane])
    return parts


def _by_acquisition(slices: list[Slice], settings: DicomSettings) -> list[Stack]:
    """One stack, or one an acquisition where acquisitions (a repeated scan) have the same positions."""
    whole = Stack(*measure(slices))
    if not repeats(whole, settings):
        return [whole]
    groups: dict[str, list[Slice]] = {}
    for plane in slices:
        acquisition = text(plane.header, "FrameAcquisitionNumber") or text(plane.header, "AcquisitionNumber")
        groups.setdefault(acquisition, []).append(plane)
    parts = [Stack(*measure(group)) for group in groups.values()]
    apart = all(len(part.slices) > 1 and not repeats(part, settings) for part in parts)
    return parts if len(parts) > 1 and apart else [whole]


def repeats(stack: Stack, settings: DicomSettings) -> bool:
    """Whether slices of a stack lie at one place."""
    return stack.geometry is not None and bool((stack.geometry.gaps_mm <= settings.position_tolerance_mm).any())
