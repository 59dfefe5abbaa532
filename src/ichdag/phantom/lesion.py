"""A hematoma in a head: irregular, uneven, with edema around it and blood in the ventricles of some."""

from typing import Any

import numpy as np

from ichdag.phantom.anatomy import Head
from ichdag.phantom.fields import smooth_field

PLACES_MM = ((26.0, 6.0, 0.0), (14.0, -12.0, 2.0), (34.0, -30.0, 20.0), (32.0, 34.0, 14.0), (40.0, -4.0, 22.0))
PLACE_CHANCES = (0.4, 0.2, 0.15, 0.1, 0.15)


def draw_lesion(
    head: Head,
    points: list[np.ndarray],
    *,
    truth: dict[str, Any],
    volume_ml: float,
    voxel_ml: float,
    random: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Put a hematoma of a given volume into a head: its HU (i, j, k) and its mask (bool), both on the head's grid.

    The lesion is where an irregular distance field is smallest, as many voxels as the volume needs, so that a larger
    volume of the same truth contains the smaller.
    """
    field = _distance_field(points, truth, random)
    places = np.flatnonzero(head.brain)
    order = np.argpartition(field.ravel()[places], round(volume_ml / voxel_ml))
    mask = np.zeros(field.shape, dtype=bool)
    mask.ravel()[places[order[: round(volume_ml / voxel_ml)]]] = True
    edge = float(field[mask].max())
    values = head.values.copy()
    rim_mm = np.clip(5.0 + 2.0 * truth["trait_rim"], 1.5, 10)
    edema = head.brain & ~mask & (field < edge + rim_mm)
    values[edema] = np.clip(21 - 4.5 * truth["trait_rim"], 8, 30)
    values[mask] = _blood(points, mask, truth, random)
    if truth["ivh"]:
        low = head.ventricles & (points[1] < -34) & (np.sign(points[0]) == np.sign(_center(truth)[0]))
        values[low] = 56
    return values, mask


def _center(truth: dict[str, Any]) -> np.ndarray:
    """Where the bleed starts (mm): deep or lobar, left or right; the same for both scans of a participant."""
    random = np.random.default_rng([*truth["seed"], 7])
    place = np.array(PLACES_MM[random.choice(len(PLACES_MM), p=PLACE_CHANCES)]) + random.normal(0, 3, 3)
    return place * [random.choice([-1, 1]), 1, 1]


def _distance_field(points: list[np.ndarray], truth: dict[str, Any], random: np.random.Generator) -> np.ndarray:
    """Distance from the bleed's start in mm, stretched along an axis and dented as the irregularity says."""
    center = _center(truth)
    stretch = 1 + 0.25 * random.random(3)
    axes = zip(points, center.astype(np.float32), stretch, strict=True)
    apart = [(axis - middle) * factor for axis, middle, factor in axes]
    distance = np.sqrt(sum(axis**2 for axis in apart))
    dents = smooth_field(points, length_mm=7, random=random)
    depth = np.clip(0.14 + 0.09 * truth["trait_irregularity"], 0.01, 0.4)
    across = np.maximum(0, -np.sign(center[0]) * points[0] + 2)
    return distance * (1 + depth * dents) + 3 * across


def _blood(
    points: list[np.ndarray], mask: np.ndarray, truth: dict[str, Any], random: np.random.Generator
) -> np.ndarray:
    """HU of the voxels of the lesion: dense blood, hypodense islands, a blend of two densities, a fluid level."""
    inside = [np.broadcast_to(axis, mask.shape)[mask] for axis in points]
    uneven = float(truth["trait_heterogeneity"])
    islands = np.clip(smooth_field(inside, length_mm=4, random=random) - 0.3, 0, None)
    blood = 64 - np.clip(7 + 5 * uneven, 0.5, 20) * islands
    if uneven > 0.8:
        blood -= 7 * (smooth_field(inside, length_mm=20, random=random) > 0)
    if uneven > 1.5:
        blood += np.where(inside[1] < np.median(inside[1]), 5, -5)
    return np.clip(blood, 48, 80)
