"""Sample a slice in polar coordinates around a point."""

import numpy as np
from scipy import ndimage


def sample_polar(
    plane: np.ndarray, middle: np.ndarray, radii: np.ndarray, angles: np.ndarray, *, spacing: np.ndarray
) -> np.ndarray:
    """Sample a slice (linear interpolation) at radii (mm) and angles around a center; NaN outside the slice.

    `radii` and `angles` (radians) have one shape, which is that of the result. `middle` is the center in mm from voxel
    0, `spacing` the voxel edges in mm. Angle 0 points along i, a right angle along j.
    """
    places = [
        (middle[0] + radii * np.cos(angles)) / spacing[0],
        (middle[1] + radii * np.sin(angles)) / spacing[1],
    ]
    inside = [(place >= 0) & (place <= size - 1) for place, size in zip(places, plane.shape, strict=True)]
    values = ndimage.map_coordinates(np.ascontiguousarray(plane, dtype=np.float32), places, order=1, mode="nearest")
    return np.where(inside[0] & inside[1], values, np.nan)
