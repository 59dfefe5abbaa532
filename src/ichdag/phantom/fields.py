"""Smooth random fields and the pose of a head: functions of world millimeters, the same on every grid."""

import numpy as np


def smooth_field(
    points: list[np.ndarray], *, length_mm: float, random: np.random.Generator, terms: int = 20
) -> np.ndarray:
    """A zero-mean, unit-variance random field at points (x, y, z, each any shape), smooth over `length_mm`.

    Random Fourier features of a Gaussian process (Rahimi and Recht 2007).
    """
    waves = random.normal(0, 1 / length_mm, (terms, 3)).astype(np.float32)
    phases = random.uniform(0, 2 * np.pi, terms).astype(np.float32)
    total = np.zeros(np.broadcast_shapes(*(axis.shape for axis in points)), dtype=np.float32)
    for wave, phase in zip(waves, phases, strict=False):
        total += np.cos(wave[0] * points[0] + wave[1] * points[1] + wave[2] * points[2] + phase)
    return total * np.float32(np.sqrt(2 / terms))


def head_points(shape: tuple[int, ...], affine: np.ndarray, *, turn: np.ndarray) -> list[np.ndarray]:
    """Head coordinates (mm from the head's center, right-anterior-superior) of every voxel; `turn` in degrees (3,)."""
    world = [axis.astype(np.float32) for axis in np.indices(shape, sparse=True)]
    turned = _rotation(turn) @ affine[:3, :3]
    shift = _rotation(turn) @ affine[:3, 3]
    return [
        sum(np.float32(turned[row, axis]) * world[axis] for axis in range(3)) + np.float32(shift[row])
        for row in range(3)
    ]


def _rotation(degrees: np.ndarray) -> np.ndarray:
    """Rotation matrix (3, 3) of turns about x, then y, then z."""
    (a, b, c), sines = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    about_x = np.array([[1, 0, 0], [0, a, -sines[0]], [0, sines[0], a]])
    about_y = np.array([[b, 0, sines[1]], [0, 1, 0], [-sines[1], 0, b]])
    about_z = np.array([[c, -sines[2], 0], [sines[2], c, 0], [0, 0, 1]])
    return about_z @ about_y @ about_x
