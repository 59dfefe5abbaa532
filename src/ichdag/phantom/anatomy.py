"""Paint a participant's head on a grid: the head, the hematoma in it and its mask, before the scanner is simulated."""

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
    """Draw the anatomy of a participant from its truth."""
    random = np.random.default_rng([*truth["seed"], 0])
    return Anatomy(draw_skull(random), draw_brain(random, age=truth["age"]), draw_lesion(random, truth=truth))


def paint_head(anatomy: Anatomy, *, grid: HeadGrid, volume_ml: float) -> tuple[np.ndarray, np.ndarray]:
    """Paint a head with a hematoma of this volume: return HU (i, j, k) float32, and the hematoma's mask (bool).

    The mask holds as many voxels as the volume needs, to half a voxel. Blood in the ventricles is not part of it.
    The head is painted in slabs of a few slices, because it needs about forty arrays of the size of its grid.
    """
    starts = range(0, grid.shape[2], SLICES_AT_ONCE)
    slabs = [grid.slab(start, start + SLICES_AT_ONCE) for start in starts]
    fields = [_hematoma_field(anatomy, slab) for slab in slabs]
    field = np.concatenate(fields, axis=2)
    count = max(1, round(volume_ml * 1000 / abs(np.linalg.det(grid.matrix))))
    lowest = np.argpartition(field, count - 1, axis=None)[:count]
    mask = np.zeros(grid.shape, dtype=bool)
    mask.ravel()[lowest] = True
    edge_level = float(field.ravel()[lowest].max())
    parts = [
        _paint_slab(anatomy, slab, part, volume_ml=volume_ml, edge_level=edge_level)
        for slab, part in zip(slabs, fields, strict=True)
    ]
    values = np.concatenate(parts, axis=2)
    values[mask] = hematoma_hu(anatomy.lesion, np.argwhere(mask) @ grid.matrix.T + grid.offset)
    return values, mask


def _hematoma_field(anatomy: Anatomy, grid: HeadGrid) -> np.ndarray:
    """Return the field whose lowest values are the hematoma, in the head without hematoma: the same for both scans."""
    points = normalize_points(anatomy.skull, grid)
    depth = skull_surfaces(anatomy.skull, points).depth
    ventricles = ventricle_distance(anatomy.brain, points)
    return distance_field(anatomy.lesion, grid, points, depth=depth, ventricles=ventricles)


def _paint_slab(
    anatomy: Anatomy, grid: HeadGrid, field: np.ndarray, *, volume_ml: float, edge_level: float
) -> np.ndarray:
    """Return the HU of some slices with edema; the texture of the hematoma is added later."""
    spacing = np.linalg.norm(grid.matrix, axis=0)
    edge_mm = float(spacing[0] + 0.1 * spacing[2])
    points = normalize_points(anatomy.skull, grid)
    surface = skull_surfaces(anatomy.skull, points)
    origins = displace_tissue(anatomy.lesion, points, surface.depth, volume_ml=volume_ml)
    tissue = tissue_distances(anatomy.brain, grid, origins, surface.depth)
    brain = paint_brain(anatomy.brain, origins, surface.depth, tissue, edge_mm=edge_mm)
    paint_lesion(brain, anatomy.lesion, field, tissue, origins, edge_level=edge_level, edge_mm=edge_mm)
    values = paint_skull(anatomy.skull, grid, points, surface, edge_mm=edge_mm)
    blend(values, brain, partial_volume(-surface.depth, edge_mm))
    return values
