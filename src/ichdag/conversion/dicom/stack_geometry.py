"""Geometry of a stack of slices as its headers give it: directions, distances, gantry tilt (LPS, mm)."""

from dataclasses import dataclass

import numpy as np

from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.headers import Slice, number
from ichdag.number_format import format_plain

LARGEST_ANGLE = 90.0  # degrees


@dataclass(frozen=True)
class Geometry:
    """A stack sorted along its normal.

    `row` and `column` are unit vectors along a row (j grows) and down a column (i grows); `spacing_mm` the distance
    between rows, then between columns; `distances_mm` (n,) of slices along the normal from the first; `shifts_mm`
    (n, 2) of their first pixels along row and column against the first slice.
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
        """From the first slice to the last."""
        return float(self.distances_mm[-1])

    @property
    def gaps_mm(self) -> np.ndarray:
        """Distances between neighbors."""
        return np.diff(self.distances_mm)

    @property
    def step_mm(self) -> float:
        """The usual distance between neighbors."""
        return float(np.median(self.gaps_mm)) if len(self.distances_mm) > 1 else 0.0

    @property
    def coverage_mm(self) -> float:
        """What the slices cover, half a step beyond the first and the last included."""
        return self.extent_mm + self.step_mm

    @property
    def slope(self) -> np.ndarray:
        """Shift along row and column for each mm along the normal (2,), fitted through the first slice."""
        square = float(self.distances_mm @ self.distances_mm)
        return self.distances_mm @ self.shifts_mm / square if square else np.zeros(2)

    @property
    def tilt_degrees(self) -> float:
        """Angle between the normal and the line on which the slices lie."""
        return float(np.degrees(np.arctan(np.linalg.norm(self.slope))))

    @property
    def oblique_degrees(self) -> float:
        """Angle between the normal and the patient's long axis."""
        return float(np.degrees(np.arccos(min(abs(self.normal[2]), 1.0))))


def measure(slices: list[Slice]) -> tuple[list[Slice], Geometry | None]:
    """Sort slices along their normal and measure them; None where a position, orientation or spacing is missing."""
    first = slices[0]
    if first.orientation is None or first.spacing is None or any(plane.position is None for plane in slices):
        return slices, None
    row, column = first.orientation[:3], first.orientation[3:]
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if not np.allclose(lengths, 1, atol=0.01) or abs(row @ column) > 0.01 or first.spacing.min() <= 0:
        return slices, None
    row = row / lengths[0]
    column = column - row * (row @ column)
    column /= np.linalg.norm(column)
    normal = np.cross(row, column)
    places = np.array([plane.position for plane in slices])
    order = np.argsort(places @ normal, kind="stable")
    away = places[order] - places[order[0]]
    shifts = np.stack([away @ row, away @ column], axis=1)
    geometry = Geometry(places[order[0]], row, column, normal, first.spacing, away @ normal, shifts)
    return [slices[index] for index in order], geometry


def is_even(geometry: Geometry, settings: DicomSettings) -> bool:
    """Whether every slice is within the tolerance of an even spacing."""
    wanted = np.linspace(0, geometry.extent_mm, len(geometry.distances_mm))
    return bool(np.abs(geometry.distances_mm - wanted).max() <= settings.position_tolerance_mm)


def fault_of(geometry: Geometry, header, settings: DicomSettings) -> str | None:
    """Why the slices cannot become a volume of true geometry, or None."""
    count, gaps, limit = len(geometry.distances_mm), geometry.gaps_mm, settings.position_tolerance_mm
    if geometry.extent_mm <= limit:
        return f"slices all at one place: {count} of them within {format_plain(geometry.extent_mm, 2)} mm, not a volume"
    twice = int(np.count_nonzero(gaps <= limit))
    if twice:
        return f"several slices at one place: {twice} of {count} positions twice, export one acquisition"
    off = np.abs(geometry.shifts_mm - geometry.distances_mm[:, None] * geometry.slope).max()
    if off > limit:
        return f"slices off one line: by up to {off:.1f} mm, the positions cannot be trusted"
    if geometry.tilt_degrees > settings.largest_tilt_degrees:
        return (
            f"tilt too large: {geometry.tilt_degrees:.1f} degrees, limit {format_plain(settings.largest_tilt_degrees)}"
        )
    tag = abs(number(header, "GantryDetectorTilt") or 0.0)
    tag = tag if tag <= LARGEST_ANGLE else 0.0  # no angle: something else that somebody wrote there
    seen = max(geometry.tilt_degrees, geometry.oblique_degrees)
    if tag > settings.smallest_tilt_degrees and seen < tag - settings.tilt_tolerance_degrees:
        return f"gantry tilt lost: the tag says {tag:.1f} degrees, the positions {seen:.1f}, export the originals"
    if is_even(geometry, settings):
        return None
    return _uneven(geometry, settings)


def _uneven(geometry: Geometry, settings: DicomSettings) -> str | None:
    gaps = geometry.gaps_mm
    found = f"steps from {format_plain(gaps.min(), 4)} to {format_plain(gaps.max(), 4)} mm"
    if not settings.resample_variable_spacing:
        parts = gaps / gaps.min()
        missing = int(np.rint(parts).sum()) - len(gaps)
        whole = np.abs(parts - np.rint(parts)).max() * gaps.min() <= settings.position_tolerance_mm
        guess = f", as if {missing} were missing" if whole else ""
        return f"uneven slice positions: {found}{guess}; send all slices, or set resample_variable_spacing"
    if gaps.max() > settings.largest_gap_mm:
        return f"gap between slices too large to interpolate: {found}, limit {format_plain(settings.largest_gap_mm)} mm"
    return None
