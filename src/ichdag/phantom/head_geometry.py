"""Grids in head coordinates, random fields, and signed distances of shapes: functions of mm, equal on every grid."""

from dataclasses import dataclass

import numpy as np

Points = list[np.ndarray]


@dataclass(frozen=True)
class HeadGrid:
    """A voxel grid in the head: mm to the right, front and top = `matrix` (3, 3) @ index + `offset` (3,)."""

    shape: tuple[int, int, int]
    matrix: np.ndarray
    offset: np.ndarray

    @property
    def points(self) -> Points:
        """Head coordinates x, y, z (mm) of every voxel, each (i, j, k) float32."""
        i, j, k = (axis.astype(np.float32) for axis in np.indices(self.shape, sparse=True))
        rows = zip(self.matrix.astype(np.float32), self.offset.astype(np.float32), strict=True)
        return [(row[0] * i + shift) + row[1] * j + row[2] * k for row, shift in rows]

    def slab(self, start: int, stop: int) -> "HeadGrid":
        """Return the grid of the slices from start to stop."""
        stop = min(stop, self.shape[2])
        return HeadGrid((*self.shape[:2], stop - start), self.matrix, self.offset + start * self.matrix[:, 2])


@dataclass(frozen=True)
class RandomField:
    """A zero-mean, unit-variance random field: plane waves of vectors (terms, 3) per mm and phases (terms,)."""

    vectors: np.ndarray
    phases: np.ndarray

    @classmethod
    def draw(cls, random: np.random.Generator, *, length_mm: float, terms: int = 32) -> "RandomField":
        """Draw a field whose waves are about `length_mm` long, in all directions.

        Source: random Fourier features of a band-limited Gaussian process (Rahimi and Recht 2007).
        """
        directions = random.normal(size=(terms, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        lengths = length_mm * np.exp(random.normal(0, 0.2, (terms, 1)))
        return cls(2 * np.pi * directions / lengths, random.uniform(0, 2 * np.pi, terms))

    def on_grid(self, grid: HeadGrid) -> np.ndarray:
        """Return the field on a grid, (i, j, k) float32; plane waves separate over the axes, so this is one product."""
        steps = self.vectors @ grid.matrix
        start = np.exp(1j * (self.phases + self.vectors @ grid.offset))
        along = [np.exp(1j * steps[:, axis, None] * np.arange(length)) for axis, length in enumerate(grid.shape)]
        rest = ((start[:, None] * along[1])[:, :, None] * along[2][:, None, :]).reshape(len(steps), -1)
        left = np.concatenate([along[0].real, -along[0].imag]).astype(np.float32)
        right = np.concatenate([rest.real, rest.imag]).astype(np.float32)
        return ((left.T @ right) * np.float32(np.sqrt(2 / len(steps)))).reshape(grid.shape)

    def at_points(self, points: np.ndarray) -> np.ndarray:
        """Return the field (n,) at scattered points (n, 3) in mm."""
        return np.cos(points @ self.vectors.T + self.phases).sum(axis=1) * np.sqrt(2 / len(self.phases))


def rotation(degrees: np.ndarray) -> np.ndarray:
    """Return the matrix (3, 3) of rotations (degrees) about x, then y, then z."""
    (a, b, c), (sa, sb, sc) = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    about_x = np.array([[1, 0, 0], [0, a, -sa], [0, sa, a]])
    about_y = np.array([[b, 0, sb], [0, 1, 0], [-sb, 0, b]])
    about_z = np.array([[c, -sc, 0], [sc, c, 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def ellipsoid(points: Points, center: tuple[float, float, float], radii: tuple[float, float, float]) -> np.ndarray:
    """Return the signed distance (mm, to first order, negative inside) to an ellipsoid; give |x| to mirror it."""
    offset = [(axis - middle) / radius for axis, middle, radius in zip(points, center, radii, strict=True)]
    square = offset[0] ** 2 + offset[1] ** 2 + offset[2] ** 2
    slope = (offset[0] / radii[0]) ** 2 + (offset[1] / radii[1]) ** 2 + (offset[2] / radii[2]) ** 2
    return np.maximum((square - 1) / (2 * np.sqrt(slope) + 1e-6), -min(radii))


def capsule(points: Points, start: tuple[float, float, float], end: tuple[float, float, float]) -> np.ndarray:
    """Return the distance (mm) to the line segment between two points."""
    axis = np.subtract(end, start).astype(np.float32)
    offset = [point - np.float32(first) for point, first in zip(points, start, strict=True)]
    share = np.clip(sum(a * b for a, b in zip(offset, axis, strict=True)) / float(axis @ axis), 0, 1)
    return np.sqrt(sum((a - share * b) ** 2 for a, b in zip(offset, axis, strict=True)))


def partial_volume(distance: np.ndarray, edge_mm: float) -> np.ndarray:
    """Return the fraction of each voxel inside a surface (0 to 1), from its signed distance (mm)."""
    return np.clip(0.5 - distance / np.float32(edge_mm), 0, 1)


def blend(values: np.ndarray, other: np.ndarray | float, share: np.ndarray) -> None:
    """Blend `other` into the values, in place, by its fraction (0 to 1) of each voxel."""
    values += (np.asarray(other, dtype=np.float32) - values) * share
