"""Correct gantry tilt by a shear, and uneven distances between slices by interpolation.

ASSUME: linear interpolation, down the columns (and along the rows) for tilt, between neighboring slices for uneven
distances; each only where it is needed.
"""

import numpy as np
from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation

from ichdag.conversion.dicom.decoding import AIR_HU, stack_affine
from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.stack_geometry import StackGeometry, is_evenly_spaced
from ichdag.images import Volume


def correct_tilt_and_spacing(
    values: np.ndarray, geometry: StackGeometry, settings: DicomSettings
) -> tuple[Volume, bool, bool]:
    """Return the volume (HU, nearest to RAS), whether it was sheared, and whether its slices were resampled.

    `values` is (columns, rows, slices), HU; voxels that a shear brings in from outside the slices are air.
    """
    sheared = geometry.tilt_degrees > settings.min_tilt_degrees
    resampled = not is_evenly_spaced(geometry, settings)
    origin = geometry.origin.copy()
    if sheared:
        pixels = geometry.shifts_mm / geometry.spacing_mm[::-1]  # spacing along the row is the distance between columns
        for axis, (direction, edge) in enumerate(
            ((geometry.row, geometry.spacing_mm[1]), (geometry.column, geometry.spacing_mm[0]))
        ):
            values, lowest = _shear(values, pixels[:, axis], axis)
            origin += lowest * edge * direction
    count = len(geometry.distances_mm)
    if resampled:
        count = round(geometry.extent_mm / geometry.step_mm) + 1
        values = _resample(values, geometry.distances_mm, np.linspace(0, geometry.extent_mm, count))
    affine = stack_affine(geometry, step_mm=geometry.extent_mm / (count - 1), origin=origin)
    orientation = io_orientation(affine)
    canonical = np.ascontiguousarray(apply_orientation(values, orientation))
    return Volume(canonical, affine @ inv_ornt_aff(orientation, values.shape)), sheared, resampled


def _shear(values: np.ndarray, pixels: np.ndarray, axis: int) -> tuple[np.ndarray, int]:
    """Shift slice k by pixels[k] along an axis of the plane, on a grid for all of them that starts at `lowest`."""
    if np.abs(pixels).max() < 0.01:
        return values, 0
    lowest = int(np.floor(pixels.min()))
    highest = int(np.ceil(pixels.max()))
    planes = np.moveaxis(values, axis, 0)
    size = planes.shape[0] + highest - lowest
    shifted = np.full((size, *planes.shape[1:]), AIR_HU, dtype=np.float32)
    for index, shift in enumerate(pixels):
        whole = int(np.floor(shift))
        fraction = np.float32(shift - whole)
        plane = np.pad(planes[..., index], ((1, 1), (0, 0)), constant_values=AIR_HU)
        blended = (1 - fraction) * plane[1:] + fraction * plane[:-1]
        start = whole - lowest
        shifted[start : start + len(blended), :, index] = blended[: size - start]
    return np.moveaxis(shifted, 0, axis), lowest


def _resample(values: np.ndarray, positions_mm: np.ndarray, even_mm: np.ndarray) -> np.ndarray:
    """Return slices at even positions (mm), each interpolated from its two neighbors at `positions_mm`."""
    upper = np.clip(np.searchsorted(positions_mm, even_mm), 1, len(positions_mm) - 1)
    fraction = (even_mm - positions_mm[upper - 1]) / (positions_mm[upper] - positions_mm[upper - 1])
    fraction = fraction.astype(np.float32)
    return values[..., upper - 1] * (1 - fraction) + values[..., upper] * fraction
