"""Values of a slice along rays from a point."""

import numpy as np
from scipy import ndimage


def sample(
    plane: np.ndarray, middle: np.ndarray, radii: np.ndarray, angles: np.ndarray, *, spacing: np.ndarray
) -> np.ndarray:
    """Values (linear) at radii (mm) and angles, one shape for both, from the middle (mm from voxel 0); else NaN.

    Angle 0 points along i, a right angle along j; `spacing` is the plane's voxel edges in mm.
    """
    places = [
        (middle[0] + radii * np.cos(angles)) / spacing[0],
        (middle[1] + radii * np.sin(angles)) / spacing[1],
    ]
    inside = [(place >= 0) & (place <= size - 1) for place, size in zip(places, plane.shape, strict=True)]
    values = ndimage.map_coordinates(np.ascontiguousarray(plane, dtype=np.float32), places, order=1, mode="nearest")
    return np.where(inside[0] & inside[1], values, np.nan)
