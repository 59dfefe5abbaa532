"""Paint the head around the brain: skin, fat, skull, skull base, orbits and sinuses."""

from dataclasses import dataclass

import numpy as np

from ichdag.phantom.head_geometry import HeadGrid, Points, RandomField, blend, capsule, ellipsoid, partial_volume

HU = {"air": -1000, "muscle": 45, "fat": -85, "eye": 10, "marrow": 700, "table": 1350, "cells": -700}
VAULT_MM = (67.0, 86.0, 74.0)
BASE_MM = 6.0


@dataclass(frozen=True)
class Skull:
    """One participant's skull and scalp: scale, thickness (mm), and random fields of shape, bone texture and fat."""

    scale: np.ndarray
    bone_mm: float
    scalp_mm: float
    bends: tuple[RandomField, RandomField, RandomField]
    bone_grain: RandomField
    fat_pattern: RandomField


@dataclass(frozen=True)
class SkullSurfaces:
    """Distances (mm), each (i, j, k): depth in the cavity, outside the vault, outside the skin, below the base."""

    depth: np.ndarray
    vault: np.ndarray
    skin: np.ndarray
    below_base: np.ndarray


def draw_skull(random: np.random.Generator) -> Skull:
    """Draw one participant's skull."""
    x, y, z = (RandomField.draw(random, length_mm=90, terms=12) for _ in range(3))
    return Skull(
        scale=1 + np.clip(random.normal(0, 0.03, 3), -0.06, 0.06),
        bone_mm=float(random.uniform(5.0, 8.5)),
        scalp_mm=float(random.uniform(4.5, 7.5)),
        bends=(x, y, z),
        bone_grain=RandomField.draw(random, length_mm=14),
        fat_pattern=RandomField.draw(random, length_mm=22),
    )


def normalize_points(skull: Skull, grid: HeadGrid) -> Points:
    """Return head coordinates (mm) normalized to the standard head: without the participant's scale and bends."""
    bent = [point + np.float32(1.8) * wave.on_grid(grid) for point, wave in zip(grid.points, skull.bends, strict=True)]
    return [point / np.float32(scale) for point, scale in zip(bent, skull.scale, strict=True)]


def skull_surfaces(skull: Skull, points: Points) -> SkullSurfaces:
    """Compute the surfaces that bound skull and scalp."""
    x, y, z = points
    wide = x * (VAULT_MM[0] / (VAULT_MM[0] - 0.07 * np.clip(y, -70, 70)))
    low = np.where(z > 0, z, z * 0.8)
    vault = ellipsoid([wide, y, low], (0, 0, 0), VAULT_MM)
    front = 1 / (1 + np.exp(np.clip((y - 26) / 4, -30, 30)))
    back = 1 / (1 + np.exp(np.clip((y + 16) / 5, -30, 30)))
    saddle = 12 * np.exp(-((x / 13) ** 2) - ((y - 8) / 14) ** 2)
    floor = -24 - 18 * front - 16 * back + saddle
    petrous = capsule([np.abs(x), y, z], (14, -4, -36), (52, -26, -32)) - 6.5
    depth = np.minimum(np.minimum(-vault, (z - floor) * 0.85), petrous)
    around = ellipsoid([wide, y, np.maximum(z, 0)], (0, 0, 0), VAULT_MM)
    chin = np.maximum(-30 - z, 0) * np.float32(0.25)
    return SkullSurfaces(depth, vault, around + chin - skull.bone_mm - skull.scalp_mm, (floor - z) * 0.85)


def paint_skull(skull: Skull, grid: HeadGrid, points: Points, surface: SkullSurfaces, *, edge_mm: float) -> np.ndarray:
    """Return the HU of everything but the brain, (i, j, k) float32; the cavity has the HU of muscle."""
    grain = skull.bone_grain.on_grid(grid)
    fat_pattern = skull.fat_pattern.on_grid(grid)
    values = np.full(grid.shape, HU["air"], dtype=np.float32)
    soft = np.where(fat_pattern > 0.9, HU["fat"], HU["muscle"]).astype(np.float32)
    layer = (surface.skin < -2) & (surface.vault > skull.bone_mm + 1.5)
    soft[layer] = np.where(fat_pattern > 0, HU["fat"] * 0.5, HU["muscle"] * 0.5)[layer]
    blend(values, soft, partial_volume(surface.skin, edge_mm))
    _paint_face(values, points, surface, edge_mm)
    thick = np.float32(skull.bone_mm) * (1 + np.float32(0.12) * fat_pattern)
    bone = np.maximum(np.maximum(surface.depth, surface.vault - thick), surface.below_base - BASE_MM)
    across = np.clip(-surface.depth / thick, 0, 1)
    tables = HU["table"] - (HU["table"] - HU["marrow"]) * np.clip(4 * across * (1 - across), 0, 1) ** 2
    blend(values, np.clip(tables + 70 * grain, 700, 1500), partial_volume(bone, edge_mm))
    _paint_air_cells(values, points, grain, surface, edge_mm)
    return values


def _paint_face(values: np.ndarray, points: Points, surface: SkullSurfaces, edge_mm: float) -> None:
    """Paint orbits with eyes, facial bone and the large sinuses, all below the skull base."""
    sides = [np.abs(points[0]), points[1], points[2]]
    orbit = np.maximum(ellipsoid(sides, (31, 62, -44), (18, 27, 17)), surface.skin + 3)
    blend(values, HU["marrow"], partial_volume(np.maximum(orbit - 2.5, surface.skin + 4), edge_mm))
    blend(values, HU["fat"], partial_volume(orbit, edge_mm))
    blend(values, HU["eye"] + 10, partial_volume(ellipsoid(sides, (31, 75, -44), (12, 12, 12)), edge_mm))
    for center, radii in (((0, 52, -46), (11, 30, 16)), ((0, 12, -46), (13, 12, 9))):
        blend(
            values, HU["air"], partial_volume(np.maximum(ellipsoid(points, center, radii), surface.skin + 4), edge_mm)
        )


def _paint_air_cells(
    values: np.ndarray, points: Points, grain: np.ndarray, surface: SkullSurfaces, edge_mm: float
) -> None:
    """Paint the air cells of both mastoids, and the frontal sinus."""
    sides = [np.abs(points[0]), points[1], points[2]]
    mastoid = np.maximum(ellipsoid(sides, (57, -28, -42), (12, 16, 14)), surface.depth + 2)
    blend(
        values, np.where(grain > -0.2, HU["cells"], HU["marrow"]).astype(np.float32), partial_volume(mastoid, edge_mm)
    )
    frontal = np.maximum(ellipsoid(points, (3, 90, -16), (17, 6, 11)), surface.depth + 1.5)
    blend(values, HU["air"], partial_volume(np.maximum(frontal, surface.skin + 5), edge_mm))
