"""Measure the mesh of a lesion with a table of the 256 cubes of marching cubes.

pyradiomics' own C code fills the table, cube by cube. Surface area and volume of a lesion are then sums over its cubes,
and its diameters are those of its convex hull.
"""

from functools import lru_cache

import numpy as np
from radiomics import cShape
from radiomics.base import RadiomicsFeaturesBase
from radiomics.shape import RadiomicsShape
from scipy.spatial import ConvexHull

CUBES = np.array([[code >> bit & 1 for bit in range(8)] for code in range(256)], dtype=bool).reshape(256, 2, 2, 2)
Spacing = tuple[float, float, float]


class Shape(RadiomicsShape):
    """pyradiomics' shape features, with area, volume and diameters of the mesh from `area_and_volume`, `diameters`."""

    maskArray: np.ndarray
    __module__ = "radiomics.shape"  # pyradiomics names its loggers by the module

    def _initSegmentBasedCalculation(self) -> None:  # noqa: N802, pyradiomics' name
        """Set what pyradiomics' shape features are computed from; only the measures of the mesh differ from its own."""
        RadiomicsFeaturesBase._initSegmentBasedCalculation(self)
        spacing = self.inputImage.GetSpacing()[::-1]
        mask = np.pad(self.maskArray, 1)
        self.maskArray = mask
        self.pixelSpacing = np.array(spacing)
        self.labelledVoxelCoordinates = np.where(mask)
        self.SurfaceArea, self.Volume = area_and_volume(mask, spacing=spacing)
        self.diameters = diameters(mask, spacing=spacing)
        coordinates = np.array(self.labelledVoxelCoordinates).T * self.pixelSpacing
        coordinates -= coordinates.mean(axis=0)
        coordinates /= np.sqrt(len(coordinates))
        eigenvalues = np.linalg.eigvals(coordinates.T.copy() @ coordinates)
        eigenvalues[(eigenvalues < 0) & (eigenvalues > -1e-10)] = 0  # rounding, as in pyradiomics
        self.eigenValues = np.sort(eigenvalues)


def area_and_volume(mask: np.ndarray, *, spacing: Spacing) -> tuple[float, float]:
    """Return area (mm2) and volume (mm3) of the mesh of a mask whose outermost voxels are empty; spacing in mm.

    Source: pyradiomics, cshape.c; Lorensen and Cline 1987.
    """
    codes = np.zeros(np.subtract(mask.shape, 1), dtype=np.uint8)
    for bit, corner in enumerate(np.ndindex(2, 2, 2)):
        codes |= mask[_corner_slices(corner, mask.shape)].astype(np.uint8) << bit
    on_surface = np.nonzero((codes > 0) & (codes < 255))
    codes = codes[on_surface]
    area, volume, volume_per_step = _cube_table(spacing)
    total = np.bincount(codes, minlength=256) @ volume
    for positions, per_step in zip(on_surface, volume_per_step, strict=True):
        total += np.bincount(codes, weights=positions, minlength=256) @ per_step
    return float(np.bincount(codes, minlength=256) @ area), float(total)


def _corner_slices(corner: tuple[int, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the slices of the voxels at this corner of all cubes."""
    return tuple(slice(start, size - 1 + start) for start, size in zip(corner, shape, strict=True))


@lru_cache(maxsize=8)
def _cube_table(spacing: Spacing) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return area and volume (256,) of each cube at the origin, and the volume added per step on each axis (3, 256).

    A triangle adds the volume of its tetrahedron with the origin, which is linear in the position of the cube.
    """
    size = np.array(spacing)

    def measure(cubes: np.ndarray) -> tuple[float, float]:
        area, volume, _ = cShape.calculate_coefficients(cubes, size)
        return area, volume

    def volume_one_step_on(cube: np.ndarray, axis: int) -> float:
        """Return the volume of a cube at position 1 of the axis, after a cube without change along the axis."""
        first = cube.take([0], axis)
        straight = np.concatenate([first, first], axis)
        return measure(np.concatenate([first, cube], axis))[1] - measure(straight)[1]

    area, volume = np.array([measure(cube) for cube in CUBES]).T
    return area, volume, np.array([[volume_one_step_on(cube, axis) for cube in CUBES] for axis in range(3)]) - volume


def diameters(mask: np.ndarray, *, spacing: Spacing) -> tuple[float, float, float, float]:
    """Return the largest distances (mm) of two mesh vertices: within a slice, column and row plane, and in 3D.

    The two ends of the largest distance are vertices of the convex hull, so that no other points are compared.
    Source: pyradiomics, cshape.c.
    """
    vertices = _mesh_vertices(mask)
    in_slice, in_column, in_row = (_largest_in_planes(vertices, axis, np.array(spacing)) for axis in range(3))
    points = _ends_of_lines(vertices, (0, 1, 2)) / 2 * spacing
    return in_slice, in_column, in_row, _largest_distance(points[ConvexHull(points).vertices])


def _mesh_vertices(mask: np.ndarray) -> np.ndarray:
    """Return the vertices of the mesh (points, 3) in half voxels: halfway between voxels inside and outside."""
    vertices = []
    for axis in range(3):
        edges = 2 * np.argwhere(np.diff(mask, axis=axis))
        edges[:, axis] += 1
        vertices.append(edges)
    return np.concatenate(vertices)


def _ends_of_lines(points: np.ndarray, order: tuple[int, int, int]) -> np.ndarray:
    """Return the first and last point of each line along the last axis of `order`, sorted by the axes in this order."""
    sorted_points = points[np.lexsort(points.T[list(order[::-1])])]
    starts = np.any(np.diff(sorted_points[:, order[:2]], axis=0), axis=1)
    return sorted_points[np.r_[True, starts] | np.r_[starts, True]]


def _largest_in_planes(vertices: np.ndarray, axis: int, spacing: np.ndarray) -> float:
    """Return the largest distance (mm) of two points in a plane across an axis; skip planes that are too small."""
    second, third = (other for other in range(3) if other != axis)
    ends = _ends_of_lines(vertices, (axis, second, third))
    starts = np.flatnonzero(np.r_[True, np.diff(ends[:, axis]) > 0])
    points = ends / 2 * spacing
    extent = np.maximum.reduceat(points, starts) - np.minimum.reduceat(points, starts)
    upper_bound = np.sqrt((extent**2).sum(axis=1))
    planes = np.split(points, starts[1:])
    largest = 0.0
    for plane in np.argsort(-upper_bound):
        if upper_bound[plane] <= largest:
            break
        largest = max(largest, _largest_distance(planes[plane]))
    return largest


def _largest_distance(points: np.ndarray) -> float:
    """Return the largest distance (mm) of two of these points (points, 3)."""
    squared = sum((points[:, None, axis] - points[None, :, axis]) ** 2 for axis in range(3))
    return float(np.sqrt(squared.max()))
