"""Stacks: slices of one series that can form a volume."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.headers import Slice, get_number, get_text
from ichdag.conversion.dicom.stack_geometry import StackGeometry, measure_stack

MAX_SHOWN_NUMBER = 99_999
PLANES = ("sagittal", "coronal", "axial")


@dataclass(frozen=True)
class Stack:
    """Slices of one series with one matrix, orientation, image type and kernel, sorted along their normal."""

    slices: list[Slice] = field(repr=False)
    geometry: StackGeometry | None

    @property
    def known_geometry(self) -> StackGeometry:
        """The geometry. Raises ValueError if it is missing: rule 6 leaves such stacks out."""
        if self.geometry is None:
            raise ValueError("position, orientation or pixel spacing missing")
        return self.geometry

    @property
    def header(self) -> Dataset:
        """The first slice's header."""
        return self.slices[0].header

    @property
    def uid(self) -> str:
        """SeriesInstanceUID."""
        return get_text(self.header, "SeriesInstanceUID")

    @property
    def study(self) -> str:
        """StudyInstanceUID."""
        return get_text(self.header, "StudyInstanceUID")

    @property
    def number(self) -> int | None:
        """SeriesNumber."""
        value = get_number(self.header, "SeriesNumber")
        return None if value is None else int(value)

    @property
    def shown_number(self) -> int | None:
        """SeriesNumber where it may be shown: a longer one may be a date or the number of a patient."""
        return self.number if self.number is not None and 0 <= self.number <= MAX_SHOWN_NUMBER else None

    @property
    def plane(self) -> str | None:
        """Axial, coronal or sagittal, whichever is nearest."""
        return None if self.geometry is None else PLANES[int(np.abs(self.geometry.normal).argmax())]

    @cached_property
    def image_types(self) -> set[str]:
        """Values of ImageType (of FrameType in a multi-frame file), in upper case."""
        return set(_image_type(self.header))


def group_into_stacks(slices: list[Slice], settings: DicomSettings) -> list[Stack]:
    """Group slices into stacks, series by series, sorted by SeriesNumber."""
    groups: dict[tuple[Any, ...], list[Slice]] = {}
    for plane in slices:
        groups.setdefault(_stack_key(plane), []).append(plane)
    stacks = []
    for group in groups.values():
        for part in _by_orientation(group):
            stacks += _by_acquisition(part, settings)
    return sorted(stacks, key=lambda stack: (stack.number is None, stack.number or 0, stack.uid, -len(stack.slices)))


def _image_type(header: Dataset) -> tuple[str, ...]:
    value = header.get("FrameType") or header.get("ImageType") or ()
    return tuple(str(part).strip().upper() for part in ([value] if isinstance(value, str) else value))


def _stack_key(plane: Slice) -> tuple[Any, ...]:
    """Return the values that slices of a stack share; of the image type three, for later ones are the vendor's own."""
    header = plane.header
    spacing = plane.spacing
    keywords = ("SeriesInstanceUID", "SeriesNumber", "Modality", "Rows", "Columns", "SOPClassUID", "BitsAllocated")
    shared = tuple(
        get_text(header, keyword).casefold() for keyword in (*keywords, "ConvolutionKernel", "StudyInstanceUID")
    )
    return (*shared, _image_type(header)[:3], None if spacing is None else tuple(spacing.round(4)))


def _by_orientation(slices: list[Slice]) -> list[list[Slice]]:
    groups: list[list[Slice]] = []
    for plane in slices:
        for group in groups:
            if _same_orientation(group[0].orientation, plane.orientation):
                group.append(plane)
                break
        else:
            groups.append([plane])
    return groups


def _same_orientation(first: np.ndarray | None, second: np.ndarray | None) -> bool:
    if first is None or second is None:
        return first is second
    return bool(np.abs(first - second).max() < 0.005)


def _by_acquisition(slices: list[Slice], settings: DicomSettings) -> list[Stack]:
    """Return one stack, or one for each acquisition if acquisitions (a repeated scan) have the same positions."""
    whole = Stack(*measure_stack(slices))
    if not has_repeated_positions(whole, settings):
        return [whole]
    groups: dict[str, list[Slice]] = {}
    for plane in slices:
        acquisition = get_text(plane.header, "FrameAcquisitionNumber") or get_text(plane.header, "AcquisitionNumber")
        groups.setdefault(acquisition, []).append(plane)
    parts = [Stack(*measure_stack(group)) for group in groups.values()]
    separable = all(len(part.slices) > 1 and not has_repeated_positions(part, settings) for part in parts)
    return parts if len(parts) > 1 and separable else [whole]


def has_repeated_positions(stack: Stack, settings: DicomSettings) -> bool:
    """Return whether several slices of a stack lie at one position."""
    return stack.geometry is not None and bool((stack.geometry.gaps_mm <= settings.position_tolerance_mm).any())
