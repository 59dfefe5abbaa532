"""A lesion's mesh, measured by a table of the 256 cells that a marching cube can meet.

pyradiomics' own C code fills the table, cell by cell; a lesion's surface and volume are then sums over its cells, and
its diameters are those of its convex hull.
"""

from functools import lru_cache

import numpy as np
from radiomics import cShape, getFeatureClasses
from scipy.spatial import ConvexHull

CELLS = np.array([[code >> bit & 1 for bit in range(8)] for code in range(256)], dtype=bool).reshape(256, 2, 2, 2)
Spacing = tuple[float, float, float]


class Shape(getFeatureClasses()["shape"]):
    """pyradiomics' shape features of a mesh that is measured here."""

    __module__ = "radiomics.shape"  # whose name its words are logged under

    def _initSegmentBasedCalculation(self):  # noqa: N802, pyradiomics' name
        super(getFeatureClasses()["shape"], self)._initSegmentBasedCalculation()
        spacing = self.inputImage.GetSpacing()[::-1]
        self.pixelSpacing = np.array(spacing)
        self.maskArray = np.pad(self.maskArray, 1)
        self.labelledVoxelCoordinates = np.where(self.maskArray)
        self.SurfaceArea, self.Volume = area_and_volume(self.maskArray, spacing=spacing)
        self.diameters = diameters(self.maskArray, spacing=spacing)
        places = np.array(self.labelledVoxelCoordinates).T * self.pixelSpacing
        places -= places.mean(axis=0)
        places /= np.sqrt(len(places))
        eigenvalues = np.linalg.eigvals(places.T.copy() @ places)
        eigenvalues[(eigenvalues < 0) & (eigenvalues > -1e-10)] = 0  # rounding, as pyradiomics has it
        self.eigenValues = np.sort(eigenvalues)


def area_and_volume(mask: np.ndarray, *, spacing: Spacing) -> tuple[float, float]:
    """Area (mm2) and volume (mm3) of the mesh of a mask whose outermost voxels are empty; voxel size in mm.

    Source: pyradiomics, cshape.c; Lorensen and Cline 1987.
    """
    codes = np.zeros(np.subtract(mask.shape, 1), dtype=np.uint8)
    for bit, corner in enumerate(np.ndindex(2, 2, 2)):
        codes |= mask[_shifted(corner, mask.shape)].astype(np.uint8) << bit
    on_surface = np.nonzero((codes > 0) & (codes < 255))
    codes = codes[on_surface]
    area, volume, per_step = _table(spacing)
    total = np.bincount(codes, minlength=256) @ volume
    for places, steps in zip(on_surface, per_step, strict=True):
        total += np.bincount(codes, weights=places, minlength=256) @ steps
    return float(np.bincount(codes, minlength=256) @ area), float(total)


def _shifted(corner: tuple[int, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(start, size - 1 + start) for start, size in zip(corner, shape, strict=True))


@lru_cache(maxsize=8)
def _table(spacing: Spacing) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Area of each cell, the volume it adds where it is the first, and what each step along an axis adds to that.

    A triangle adds the volume of its tetrahedron with the origin, which is linear in the place of the cell.
    """
    size = np.array(spacing)

    def measured(cells: np.ndarray) -> tuple[float, float]:
        return cShape.calculate_coefficients(cells, size)[:2]

    def moved(cell: np.ndarray, axis: int) -> float:
        """The volume that a cell adds one step on, behind a cell that goes straight."""
        first = cell.take([0], axis)
        straight = np.concatenate([first, first], axis)
        return measured(np.concatenate([first, cell], axis))[1] - measured(straight)[1]

    area, volume = np.array([measured(cell) for cell in CELLS]).T
    return area, volume, np.array([[moved(cell, axis) for cell in CELLS] for axis in range(3)]) - volume


def diameters(mask: np.ndarray, *, spacing: Spacing) -> tuple[float, float, float, float]:
    """Largest distances (mm) of two points of the mesh: within a slice, column and row plane, and in all directions.

    The ends of the longest are corners of the convex hull, so that no other points are compared.
    """
    points = _points(mask)
    within = [_largest_in_planes(points, axis, np.array(spacing)) for axis in range(3)]
    places = _ends_of_lines(points, (0, 1, 2)) / 2 * spacing
    return *within, _largest_distance(places[ConvexHull(places).vertices])


def _points(mask: np.ndarray) -> np.ndarray:
    """The points of the mesh, half way between voxels inside and outside, in half voxels (points, 3)."""
    found = []
    for axis in range(3):
        places = 2 * np.argwhere(np.diff(mask, axis=axis))
        places[:, axis] += 1
        found.append(places)
    return np.concatenate(found)


def _ends_of_lines(points: np.ndarray, order: tuple[int, int, int]) -> np.ndarray:
    """The first and the last point of each line along the last of the axes; sorted by the axes in this order."""
    sorted_points = points[np.lexsort(points.T[list(order[::-1])])]
    starts = np.any(np.diff(sorted_points[:, order[:2]], axis=0), axis=1)
    return sorted_points[np.r_[True, starts] | np.r_[starts, True]]


def _largest_in_planes(points: np.ndarray, axis: int, spacing: np.ndarray) -> float:
    """The largest distance of two points in one plane across an axis; planes too small for a larger one are skipped."""
    others = [other for other in range(3) if other != axis]
    ends = _ends_of_lines(points, (axis, *others))
    starts = np.flatnonzero(np.r_[True, np.diff(ends[:, axis]) > 0])
    places = ends / 2 * spacing
    extent = np.maximum.reduceat(places, starts) - np.minimum.reduceat(places, starts)
    at_most = np.sqrt((extent**2).sum(axis=1))
    planes = np.split(places, starts[1:])
    largest = 0.0
    for plane in np.argsort(-at_most):
        if at_most[plane] <= largest:
            break
        largest = max(largest, _largest_distance(planes[plane]))
    return largest


def _largest_distance(places: np.ndarray) -> float:
    """The largest distance of two of these places (points, 3), in mm."""
    squared = sum((places[:, None, axis] - places[None, :, axis]) ** 2 for axis in range(3))
    return float(np.sqrt(squared.max()))
