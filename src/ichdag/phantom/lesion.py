"""Paint the hemorrhage: irregular hematoma of exact volume, heterogeneous blood, edema, intraventricular blood."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ichdag.phantom.brain import TissueDistances, tentorium_height
from ichdag.phantom.head_geometry import HeadGrid, Points, RandomField, blend, partial_volume
from ichdag.phantom.normal_distribution import normal_cdf

# Locations of the hematoma: center (mm, right side), scale along x, y, z, and probability.
LOCATIONS = {
    "putamen": ((26, 4, 3), (0.8, 1.35, 1.0), 0.42),
    "thalamus": ((15, -13, 7), (0.9, 1.15, 1.0), 0.20),
    "frontal": ((27, 40, 20), (1.0, 1.2, 0.95), 0.10),
    "parietal": ((32, -34, 34), (0.95, 1.25, 1.0), 0.14),
    "temporal": ((44, -14, -8), (0.85, 1.3, 0.9), 0.08),
    "cerebellum": ((22, -52, -32), (1.15, 1.0, 0.9), 0.06),
}
LARGEST_CEREBELLAR_ML = 12
BLOOD_HU = (64.0, 2.0)
DARKEST_HU, BRIGHTEST_HU = 36.0, 84.0


@dataclass(frozen=True)
class Lesion:
    """One participant's hematoma; the same in both scans except for its volume."""

    center: np.ndarray
    axis_scale: np.ndarray
    roughness: float
    heterogeneity: float
    edema_mm: float
    edema_hu: float
    blood_hu: float
    ventricular: bool
    lobes: RandomField
    buds: RandomField
    clots: RandomField
    islands: RandomField
    blend_plane: np.ndarray


def draw_lesion(random: np.random.Generator, *, truth: dict[str, Any]) -> Lesion:
    """Draw location and appearance of the hematoma, from the participant's traits (standard normal each).

    Each trait changes one thing only: irregularity the surface, heterogeneity the spread of HU (not the mean),
    rim the width and the density of the edema.
    """
    volume = truth["volume_ml"]
    names = [name for name in LOCATIONS if name != "cerebellum" or truth["followup_ml"] < LARGEST_CEREBELLAR_ML]
    probabilities = np.array([LOCATIONS[name][2] for name in names])
    center, scale, _ = LOCATIONS[names[random.choice(len(names), p=probabilities / probabilities.sum())]]
    side = random.choice([-1, 1])
    axis_scale = np.array(scale) * np.exp(random.normal(0, 0.12, 3))
    radius = _radius_mm(volume)
    irregularity, heterogeneity, rim = (
        float(normal_cdf(truth[f"trait_{name}"])) for name in ("irregularity", "heterogeneity", "rim")
    )
    plane = random.normal(size=3)
    return Lesion(
        center=(np.array(center) + random.normal(0, 2.5, 3)) * [side, 1, 1],
        axis_scale=axis_scale / np.cbrt(axis_scale.prod()),
        roughness=0.03 + 0.37 * irregularity,
        heterogeneity=heterogeneity,
        edema_mm=2.5 + 9.0 * rim,
        edema_hu=25.0 - 14.0 * rim,
        blood_hu=float(random.normal(*BLOOD_HU)),
        ventricular=bool(truth["ivh"]),
        lobes=RandomField.draw(random, length_mm=1.5 * radius + 9, terms=24),
        buds=RandomField.draw(random, length_mm=0.7 * radius + 5, terms=24),
        clots=RandomField.draw(random, length_mm=13, terms=24),
        islands=RandomField.draw(random, length_mm=17, terms=24),
        blend_plane=plane / np.linalg.norm(plane),
    )


def _radius_mm(volume_ml: float) -> float:
    """Return the radius of the ball of this volume."""
    return float(np.cbrt(volume_ml * 1000 * 3 / (4 * np.pi)))


def distance_field(
    lesion: Lesion, grid: HeadGrid, points: Points, *, depth: np.ndarray, ventricles: np.ndarray
) -> np.ndarray:
    """Return a distance-like field (mm) whose lowest values are the hematoma: a larger volume contains a smaller one.

    It rises steeply across the midline, the tentorium and the walls of the ventricles, and toward the skull.
    """
    offset = [
        (point - np.float32(c)) / np.float32(s)
        for point, c, s in zip(points, lesion.center, lesion.axis_scale, strict=True)
    ]
    dents = np.clip(lesion.lobes.on_grid(grid) + np.float32(0.5) * lesion.buds.on_grid(grid), -2.2, 2.2)
    field = np.sqrt(offset[0] ** 2 + offset[1] ** 2 + offset[2] ** 2) * np.exp(np.float32(-lesion.roughness) * dents)
    across = np.float32(np.sign(lesion.center[0])) * points[0]
    field += 6 * np.maximum(3 - across, 0) + 8 * np.maximum(3.5 - depth, 0) + 3 * np.maximum(1.5 - ventricles, 0)
    above = np.float32(np.sign(lesion.center[2] + 25)) * tentorium_height(points)
    return field + 6 * np.maximum(1.5 - above, 0)


def displace_tissue(lesion: Lesion, points: Points, depth: np.ndarray, *, volume_ml: float) -> Points:
    """Return where the tissue at each point comes from: the hematoma displaces the brain, less so near the skull."""
    offset = [point - np.float32(c) for point, c in zip(points, lesion.center, strict=True)]
    far = np.sqrt(offset[0] ** 2 + offset[1] ** 2 + offset[2] ** 2) + np.float32(1e-3)
    before = np.cbrt(np.maximum(far**3 - np.float32(0.55 * _radius_mm(volume_ml) ** 3), 0))
    room = np.maximum(depth, 0)
    pull = (before / far - 1) * np.exp(-((far / 75) ** 2)) * (room / (room + 8))
    return [point + part * pull for point, part in zip(points, offset, strict=True)]


def paint_lesion(
    values: np.ndarray,
    lesion: Lesion,
    field: np.ndarray,
    tissue: TissueDistances,
    points: Points,
    *,
    edge_level: float,
    edge_mm: float,
) -> None:
    """Paint edema, blood and its edge into a brain, in place; `edge_level` is the field at the edge of the hematoma."""
    beyond = field - np.float32(edge_level)
    solid = partial_volume(-tissue.csf, edge_mm) * partial_volume(-tissue.ventricles, edge_mm)
    fading = np.clip(1.5 - beyond / np.float32(lesion.edema_mm), 0, 1) * partial_volume(beyond - lesion.edema_mm, 2.5)
    blend(values, np.minimum(values, lesion.edema_hu), solid * fading)
    if lesion.ventricular:
        level = -22 + 0.35 * np.float32(np.sign(lesion.center[0])) * points[0]
        near = np.maximum(beyond - 16, tissue.ventricles)
        blood = np.minimum(np.maximum(points[1] - level, tissue.ventricles), near)
        blend(values, lesion.blood_hu - 8, partial_volume(np.maximum(blood, -tissue.above_tentorium), edge_mm))
    blend(values, lesion.blood_hu - 2, partial_volume(beyond - 0.25 * edge_mm, 0.5 * edge_mm))


def hematoma_hu(lesion: Lesion, points: np.ndarray) -> np.ndarray:
    """Return HU (n,) of the hematoma at points (n, 3) in mm: clots, hypodense islands, blend sign, fluid level.

    The spread grows with the heterogeneity; the mean does not depend on it.
    """
    heterogeneity = np.float64(lesion.heterogeneity)
    texture = 6.0 * heterogeneity * lesion.clots.at_points(points)
    texture -= 16.0 * heterogeneity * np.clip(2.5 * (lesion.islands.at_points(points) - 0.5), 0, 1)
    texture -= (
        12.0 * np.clip((heterogeneity - 0.5) / 0.5, 0, 1) * (((points - points.mean(axis=0)) @ lesion.blend_plane) > 2)
    )
    if heterogeneity > 0.85:
        texture += np.where(points[:, 1] < np.quantile(points[:, 1], 0.35), 6.0, -3.0)
    return np.clip(lesion.blood_hu + texture - texture.mean(), DARKEST_HU, BRIGHTEST_HU)
