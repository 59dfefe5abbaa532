"""From slices at their true places to a straight volume: gantry tilt sheared back, uneven steps interpolated.

ASSUME: linear interpolation, down the columns (and along the rows) for tilt, between neighboring slices for uneven
steps; in each only where there is something to correct.
"""

import numpy as np
from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation

from ichdag.conversion.dicom.decoding import AIR_HU, affine_of
from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.stack_geometry import Geometry, is_even
from ichdag.images import Volume


def straighten(values: np.ndarray, geometry: Geometry, settings: DicomSettings) -> tuple[Volume, bool, bool]:
    """The volume (HU, orientation nearest RAS), whether it was sheared, and whether its steps were resampled.

    `values` is (columns, rows, slices); what a shear brings in from outside the slices is air.
    """
    sheared = geometry.tilt_degrees > settings.smallest_tilt_degrees
    resampled = not is_even(geometry, settings)
    origin = geometry.origin.copy()
    if sheared:
        pixels = geometry.shifts_mm / geometry.spacing_mm[::-1]  # along the row: distance between columns
        for axis, (direction, edge) in enumerate(
            ((geometry.row, geometry.spacing_mm[1]), (geometry.column, geometry.spacing_mm[0]))
        ):
            values, lowest = _shear(values, pixels[:, axis], axis)
            origin += lowest * edge * direction
    count = len(geometry.distances_mm)
    if resampled:
        count = round(geometry.extent_mm / geometry.step_mm) + 1
        values = _resample(values, geometry.distances_mm, np.linspace(0, geometry.extent_mm, count))
    affine = affine_of(geometry, step_mm=geometry.extent_mm / (count - 1), origin=origin)
    turn = io_orientation(affine)
    straight = np.ascontiguousarray(apply_orientation(values, turn))
    return Volume(straight, affine @ inv_ornt_aff(turn, values.shape)), sheared, resampled


def _shear(values: np.ndarray, pixels: np.ndarray, axis: int) -> tuple[np.ndarray, int]:
    """Move slice k by pixels[k] along an axis of the plane, on a grid that holds them all and starts at `lowest`."""
    if np.abs(pixels).max() < 0.01:
        return values, 0
    lowest, highest = int(np.floor(pixels.min())), int(np.ceil(pixels.max()))
    planes = np.moveaxis(values, axis, 0)
    size = planes.shape[0] + highest - lowest
    moved = np.full((size, *planes.shape[1:]), AIR_HU, dtype=np.float32)
    for index, shift in enumerate(pixels):
        whole = int(np.floor(shift))
        part = np.float32(shift - whole)
        plane = np.pad(planes[..., index], ((1, 1), (0, 0)), constant_values=AIR_HU)
        between = (1 - part) * plane[1:] + part * plane[:-1]
        start = whole - lowest
        moved[start : start + len(between), :, index] = between[: size - start]
    return np.moveaxis(moved, 0, axis), lowest


def _resample(values: np.ndarray, places_mm: np.ndarray, wanted_mm: np.ndarray) -> np.ndarray:
    """Slices at wanted places, each from its two neighbors."""
    upper = np.clip(np.searchsorted(places_mm, wanted_mm), 1, len(places_mm) - 1)
    part = (wanted_mm - places_mm[upper - 1]) / (places_mm[upper] - places_mm[upper - 1])
    part = part.astype(np.float32)
    return values[..., upper - 1] * (1 - part) + values[..., upper] * part
