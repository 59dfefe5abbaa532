"""A participant on a grid: the head, the bleed in it, and the mask of the bleed, before a scanner sees them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ichdag.phantom.brain import Brain, draw_brain, paint_brain, tissue_distances, ventricle_distance
from ichdag.phantom.head_geometry import HeadGrid, blend, partial_volume
from ichdag.phantom.lesion import Lesion, displace_tissue, distance_field, draw_lesion, hematoma_hu, paint_lesion
from ichdag.phantom.skull import Skull, draw_skull, normalize_points, paint_skull, skull_surfaces

SLICES_AT_ONCE = 8


@dataclass(frozen=True)
class Anatomy:
    """One participant's anatomy, the same in both scans."""

    skull: Skull
    brain: Brain
    lesion: Lesion


def draw_anatomy(truth: dict[str, Any]) -> Anatomy:
    """Draw the anatomy that a participant's truth stands for."""
    random = np.random.default_rng([*truth["seed"], 0])
    return Anatomy(draw_skull(random), draw_brain(random, age=truth["age"]), draw_lesion(random, truth=truth))


def paint_head(person: Anatomy, *, frame: HeadGrid, volume_ml: float) -> tuple[np.ndarray, np.ndarray]:
    """HU (i, j, k) float32 of a head with a hematoma of this volume, and the hematoma's mask (bool).

    The mask holds as many voxels as the volume needs, to half a voxel. Blood in the ventricles is not part of it.
    Works slab by slab: a scan takes some forty arrays of its own size.
    """
    starts = range(0, frame.shape[2], SLICES_AT_ONCE)
    slabs = [frame.slab(start, start + SLICES_AT_ONCE) for start in starts]
    fields = [_hematoma_field(person, slab) for slab in slabs]
    field = np.concatenate(fields, axis=2)
    count = max(1, round(volume_ml * 1000 / abs(np.linalg.det(frame.matrix))))
    order = np.argpartition(field, count - 1, axis=None)[:count]
    mask = np.zeros(frame.shape, dtype=bool)
    mask.ravel()[order] = True
    reach = float(field.ravel()[order].max())
    parts = [
        _paint_slab(person, slab, part, volume_ml=volume_ml, reach=reach)
        for slab, part in zip(slabs, fields, strict=True)
    ]
    values = np.concatenate(parts, axis=2)
    values[mask] = hematoma_hu(person.lesion, np.argwhere(mask) @ frame.matrix.T + frame.offset)
    return values, mask


def _hematoma_field(person: Anatomy, frame: HeadGrid) -> np.ndarray:
    """The field whose smallest values are the hematoma: of the head without the bleed, so that both scans share it."""
    points = normalize_points(person.skull, frame)
    depth = skull_surfaces(person.skull, points).depth
    ventricles = ventricle_distance(person.brain, points)
    return distance_field(person.lesion, frame, points, depth=depth, ventricles=ventricles)


def _paint_slab(person: Anatomy, frame: HeadGrid, field: np.ndarray, *, volume_ml: float, reach: float) -> np.ndarray:
    """HU of some slices, edema and all; the hematoma's own texture comes later."""
    spacing = np.linalg.norm(frame.matrix, axis=0)
    edge_mm = float(spacing[0] + 0.1 * spacing[2])
    points = normalize_points(person.skull, frame)
    surface = skull_surfaces(person.skull, points)
    moved = displace_tissue(person.lesion, points, surface.depth, volume_ml=volume_ml)
    tissue = tissue_distances(person.brain, frame, moved, surface.depth)
    brain = paint_brain(person.brain, moved, surface.depth, tissue, edge_mm=edge_mm)
    paint_lesion(brain, person.lesion, field, tissue, moved, reach=reach, edge_mm=edge_mm)
    values = paint_skull(person.skull, frame, points, surface, edge_mm=edge_mm)
    blend(values, brain, partial_volume(-surface.depth, edge_mm))
    return values
