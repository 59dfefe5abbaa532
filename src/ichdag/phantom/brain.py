"""The brain: cortex and sulci, white matter, deep nuclei, ventricles, falx, tentorium, cerebellum, cisterns."""

from dataclasses import dataclass

import numpy as np

from ichdag.phantom.head_geometry import HeadGrid, Points, RandomField, blend, capsule, ellipsoid, partial_volume

HU = {"csf": 8, "gray": 37, "white": 28, "hindbrain": 34, "dura": 52, "calcified": 140}
FOLD_MM = 24.0


@dataclass(frozen=True)
class Brain:
    """One person's brain: how much it has shrunk with age, how wide its ventricles are, and its folds."""

    shrunk_mm: float
    ventricle_mm: float
    fluid_hu: float
    pineal: bool
    folds: RandomField
    leaves: RandomField


@dataclass(frozen=True)
class TissueDistances:
    """Distances in mm, each (i, j, k), that the bleed must know: from the ventricles, from CSF, above the tentorium."""

    ventricles: np.ndarray
    fluid: np.ndarray
    above: np.ndarray


def draw_brain(random: np.random.Generator, *, age: float) -> Brain:
    """Draw one person's brain; sulci and ventricles are wider in the old."""
    old = np.clip((age - 50) / 40, 0, 1)
    return Brain(
        shrunk_mm=float(0.7 * old + random.uniform(0, 0.4)),
        ventricle_mm=float(1.6 * old + random.uniform(-0.6, 1.0)),
        fluid_hu=float(HU["csf"] + random.uniform(-3, 3)),
        pineal=bool(random.random() < 0.6),
        folds=RandomField.draw(random, length_mm=FOLD_MM, terms=48),
        leaves=RandomField.draw(random, length_mm=9, terms=32),
    )


def ventricle_distance(brain: Brain, points: Points) -> np.ndarray:
    """Signed distance (mm, negative inside) from lateral, third and fourth ventricle."""
    x, y, z = points
    sides = [np.abs(x), y, z]
    wide = np.float32(brain.ventricle_mm)
    horn = capsule(sides, (6.5, 29, 8), (8, 6, 20)) - 4.2 - wide
    body = capsule(sides, (8, 6, 20), (13, -24, 21)) - 4.4 - wide
    atrium = capsule(sides, (13, -24, 21), (22, -40, 10)) - 5.0 - wide
    occipital = capsule(sides, (22, -40, 10), (20, -56, 6)) - 2.2 - 0.7 * wide
    temporal = capsule(sides, (22, -40, 10), (30, -12, -14)) - 1.8 - 0.5 * wide
    third = ellipsoid(points, (0, -6, 2), (1.8 + 0.8 * brain.ventricle_mm, 14, 9))
    fourth = ellipsoid(points, (0, -40, -30), (5.5, 4, 7))
    lateral = np.minimum(np.minimum(horn, body), np.minimum(atrium, np.minimum(occipital, temporal)))
    lateral = np.maximum(lateral, 1.2 - sides[0])
    return np.minimum(lateral, np.minimum(third, fourth))


def tentorium_height(points: Points) -> np.ndarray:
    """Height (mm) above the tentorium, which roofs the cerebellum; large in front of it, where there is none."""
    x, y, z = points
    return np.where(y < 2, z + 12 + 0.28 * np.abs(x) - 0.10 * np.clip(y + 45, -30, 40), 99)


def tissue_distances(brain: Brain, frame: HeadGrid, points: Points, depth: np.ndarray) -> TissueDistances:
    """Distances within the brain; `depth` is the depth (mm) within the skull's cavity."""
    x, y, z = points
    above = tentorium_height(points)
    upper = above > 0
    waves = np.abs(brain.folds.on(frame)) * np.float32(FOLD_MM / 6)
    leaves = np.abs(brain.leaves.on(frame)) * np.float32(1.5) + np.float32(0.5)
    sulci = np.where(upper, np.hypot(waves, np.maximum(depth - 15, 0)) - 0.35 - 0.9 * brain.shrunk_mm, leaves)
    callosum = ellipsoid(points, (0, -4, 10), (20, 44, 19))
    fissure = np.where(upper, np.maximum(np.abs(x), -callosum) - 0.8 - 0.8 * brain.shrunk_mm, 99)
    sides = [np.abs(x), y, z]
    sylvian = np.minimum(capsule(sides, (36, 30, -12), (44, -4, 4)), capsule(sides, (44, -4, 4), (56, -22, 14)))
    insula = np.maximum(np.abs(sides[0] - 39), np.abs(y - 8) - 20)
    insula = np.maximum(insula, np.abs(z - 2) - 10)
    suprasellar = ellipsoid(sides, (2, 4, -24), (13, 10, 7))
    ambient = np.abs(capsule(sides, (0, -20, -14), (0, -20, -22)) - 15 - 0.1 * sides[0]) - 0.8
    ambient = np.where(y < -14, ambient, 99)
    gaps = np.minimum(np.minimum(sylvian - 1.6, insula - 0.3) - 1.2 * brain.shrunk_mm, fissure)
    fluid = np.minimum(np.minimum(depth - 1.1 - brain.shrunk_mm, sulci), gaps)
    return TissueDistances(
        ventricle_distance(brain, points), np.minimum(fluid, np.minimum(suprasellar, ambient)), above
    )


def paint_brain(
    brain: Brain, points: Points, depth: np.ndarray, tissue: TissueDistances, *, edge_mm: float
) -> np.ndarray:
    """HU of the skull's content, (i, j, k) float32, as if the whole grid were within the skull."""
    x, y, z = points
    sides = [np.abs(x), y, z]
    lower = partial_volume(tissue.above, edge_mm)
    values = np.full(depth.shape, HU["white"], dtype=np.float32)
    pale = np.float32(min(1, 0.8 * brain.shrunk_mm)) * partial_volume(tissue.ventricles - 5, 10)
    blend(values, HU["white"] - 6, pale)
    blend(values, HU["gray"], partial_volume(tissue.fluid - 3.6, edge_mm))
    caudate = ellipsoid(sides, (13, 18, 10), (6, 12, 11))
    lentiform = ellipsoid(sides, (24, 6, 2), (7, 18, 11))
    thalamus = ellipsoid(sides, (11, -13, 6), (8, 14, 9))
    blend(values, HU["gray"], partial_volume(np.minimum(np.minimum(caudate, lentiform), thalamus), edge_mm))
    blend(values, HU["hindbrain"], lower * partial_volume(-1.0 - depth, edge_mm))
    brainstem = ellipsoid(points, (0, -16, -34), (13, 12, 26))
    blend(values, HU["hindbrain"] - 3, partial_volume(brainstem, edge_mm))
    fluid = np.where(brainstem < 0, np.maximum(tissue.fluid, 3), tissue.fluid)
    blend(
        values, brain.fluid_hu, partial_volume(fluid, edge_mm) * np.where(tissue.above > 0, 1, 0.45).astype(np.float32)
    )
    blend(values, brain.fluid_hu, partial_volume(tissue.ventricles, edge_mm))
    callosum = ellipsoid(points, (0, -4, 6), (20, 46, 24))
    falx = np.maximum(np.maximum(np.abs(x) - 0.6, -callosum), -tissue.above)
    roof = np.maximum(np.abs(tissue.above) - 0.6, 15 - capsule(points, (0, -20, -14), (0, -20, -22)))
    sinus = capsule(points, (0, -80, 0), (0, -60, 48)) - 3.5
    blend(values, HU["dura"], partial_volume(np.minimum(np.minimum(falx, roof), sinus), edge_mm))
    if brain.pineal:
        blend(values, HU["calcified"], partial_volume(ellipsoid(points, (0, -28, 5), (2.5, 3, 2.5)), edge_mm))
        blend(values, HU["calcified"], partial_volume(ellipsoid(sides, (21, -38, 11), (2, 3.5, 2)), edge_mm))
    return values
