"""Geometry of a stack of slices from its headers: directions, distances, gantry tilt (LPS, mm)."""

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.headers import Slice, get_number
from ichdag.number_format import format_plain

MAX_TILT_TAG_DEGREES = 90.0  # of GantryDetectorTilt: larger values are not angles


@dataclass(frozen=True)
class StackGeometry:
    """The geometry of n slices, sorted along their normal.

    `origin` (3,) is the position of the first pixel of the first slice, mm; `row`, `column` and `normal` (3,) are unit
    vectors along a row, down a column, and from slice to slice; `spacing_mm` (2,) is PixelSpacing: the distance between
    rows, then between columns; `distances_mm` (n,) are the distances of the slices along the normal from the first;
    `shifts_mm` (n, 2) are the shifts of their first pixels along row and column from that of the first slice.
    """

    origin: np.ndarray
    row: np.ndarray
    column: np.ndarray
    normal: np.ndarray
    spacing_mm: np.ndarray
    distances_mm: np.ndarray
    shifts_mm: np.ndarray

    @property
    def extent_mm(self) -> float:
        """Distance from the first slice to the last."""
        return float(self.distances_mm[-1])

    @property
    def gaps_mm(self) -> np.ndarray:
        """Distances between neighboring slices, (n - 1,)."""
        return np.diff(self.distances_mm)

    @property
    def step_mm(self) -> float:
        """Median distance between neighboring slices; 0 for one slice."""
        return float(np.median(self.gaps_mm)) if len(self.distances_mm) > 1 else 0.0

    @property
    def coverage_mm(self) -> float:
        """Length that the slices cover, with half a step beyond the first and the last."""
        return self.extent_mm + self.step_mm

    @property
    def shift_per_mm(self) -> np.ndarray:
        """Shift along row and column for each mm along the normal, (2,), fitted through the first slice."""
        square = float(self.distances_mm @ self.distances_mm)
        return self.distances_mm @ self.shifts_mm / square if square else np.zeros(2)

    @property
    def tilt_degrees(self) -> float:
        """Gantry tilt: the angle between the normal and the line on which the first pixels lie."""
        return float(np.degrees(np.arctan(np.linalg.norm(self.shift_per_mm))))

    @property
    def oblique_degrees(self) -> float:
        """Angle between the normal and the long axis of the patient."""
        return float(np.degrees(np.arccos(min(abs(self.normal[2]), 1.0))))


def measure_stack(slices: list[Slice]) -> tuple[list[Slice], StackGeometry | None]:
    """Sort slices along their normal and measure them; None if a position, orientation or spacing is missing."""
    first = slices[0]
    positions = np.array([plane.position for plane in slices if plane.position is not None])
    if first.orientation is None or first.spacing is None or len(positions) != len(slices):
        return slices, None
    row, column = first.orientation[:3], first.orientation[3:]
    lengths = [np.linalg.norm(row), np.linalg.norm(column)]
    if not np.allclose(lengths, 1, atol=0.01) or abs(row @ column) > 0.01 or first.spacing.min() <= 0:
        return slices, None
    row = row / lengths[0]
    column = column - row * (row @ column)
    column /= np.linalg.norm(column)
    normal = np.cross(row, column)
    order = np.argsort(positions @ normal, kind="stable")
    offsets = positions[order] - positions[order[0]]
    shifts = np.stack([offsets @ row, offsets @ column], axis=1)
    geometry = StackGeometry(positions[order[0]], row, column, normal, first.spacing, offsets @ normal, shifts)
    return [slices[index] for index in order], geometry


def is_evenly_spaced(geometry: StackGeometry, settings: DicomSettings) -> bool:
    """Return whether every slice is within the tolerance of an even spacing."""
    even = np.linspace(0, geometry.extent_mm, len(geometry.distances_mm))
    return bool(np.abs(geometry.distances_mm - even).max() <= settings.position_tolerance_mm)


def geometry_fault(geometry: StackGeometry, header: Dataset, settings: DicomSettings) -> str | None:
    """Return why the slices cannot become a volume of true geometry, or None."""
    count = len(geometry.distances_mm)
    limit = settings.position_tolerance_mm
    if geometry.extent_mm <= limit:
        return f"slices all at one place: {count} of them within {format_plain(geometry.extent_mm, 2)} mm, not a volume"
    repeated = int(np.count_nonzero(geometry.gaps_mm <= limit))
    if repeated:
        return f"several slices at one place: {repeated} of {count} positions twice, export one acquisition"
    off_line = np.abs(geometry.shifts_mm - geometry.distances_mm[:, None] * geometry.shift_per_mm).max()
    if off_line > limit:
        return f"slices off one line: by up to {off_line:.1f} mm, the positions cannot be trusted"
    if geometry.tilt_degrees > settings.max_tilt_degrees:
        return f"tilt too large: {geometry.tilt_degrees:.1f} degrees, limit {format_plain(settings.max_tilt_degrees)}"
    tag = abs(get_number(header, "GantryDetectorTilt") or 0.0)
    tag = tag if tag <= MAX_TILT_TAG_DEGREES else 0.0  # a larger value is not a gantry tilt
    measured = max(geometry.tilt_degrees, geometry.oblique_degrees)
    if tag > settings.min_tilt_degrees and measured < tag - settings.tilt_tolerance_degrees:
        return f"gantry tilt lost: the tag says {tag:.1f} degrees, the positions {measured:.1f}, export the originals"
    if is_evenly_spaced(geometry, settings):
        return None
    return _uneven_fault(geometry, settings)


def _uneven_fault(geometry: StackGeometry, settings: DicomSettings) -> str | None:
    """Return why uneven distances cannot be interpolated, or None if they can."""
    gaps = geometry.gaps_mm
    steps = f"steps from {format_plain(gaps.min(), 4)} to {format_plain(gaps.max(), 4)} mm"
    if not settings.resample_variable_spacing:
        multiples = gaps / gaps.min()
        missing = int(np.rint(multiples).sum()) - len(gaps)
        are_whole = np.abs(multiples - np.rint(multiples)).max() * gaps.min() <= settings.position_tolerance_mm
        guess = f", as if {missing} were missing" if are_whole else ""
        return f"uneven slice positions: {steps}{guess}; send all slices, or set resample_variable_spacing"
    if gaps.max() > settings.max_gap_mm:
        return f"gap between slices too large to interpolate: {steps}, limit {format_plain(settings.max_gap_mm)} mm"
    return None
