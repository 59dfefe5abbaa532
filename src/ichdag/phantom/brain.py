"""Paint the brain: cortex, sulci, white matter, deep nuclei, ventricles, falx, tentorium, cerebellum, cisterns."""

from dataclasses import dataclass

import numpy as np

from ichdag.phantom.head_geometry import HeadGrid, Points, RandomField, blend, capsule, ellipsoid, partial_volume

HU = {"csf": 8, "gray": 37, "white": 28, "hindbrain": 34, "dura": 52, "calcified": 140}
SULCI_MM = 24.0


@dataclass(frozen=True)
class Brain:
    """One participant's brain: atrophy, widening of the ventricles, HU of CSF, and random fields of sulci and folia."""

    atrophy_mm: float
    ventricle_widening_mm: float
    csf_hu: float
    pineal: bool
    sulci: RandomField
    folia: RandomField


@dataclass(frozen=True)
class TissueDistances:
    """Distances (mm), each (i, j, k), that limit the hematoma: to the ventricles, to CSF, above the tentorium."""

    ventricles: np.ndarray
    csf: np.ndarray
    above_tentorium: np.ndarray


def draw_brain(random: np.random.Generator, *, age: float) -> Brain:
    """Draw one participant's brain; sulci and ventricles are wider in older participants."""
    old = np.clip((age - 50) / 40, 0, 1)
    return Brain(
        atrophy_mm=float(0.7 * old + random.uniform(0, 0.4)),
        ventricle_widening_mm=float(1.6 * old + random.uniform(-0.6, 1.0)),
        csf_hu=float(HU["csf"] + random.uniform(-3, 3)),
        pineal=bool(random.random() < 0.6),
        sulci=RandomField.draw(random, length_mm=SULCI_MM, terms=48),
        folia=RandomField.draw(random, length_mm=9, terms=32),
    )


def ventricle_distance(brain: Brain, points: Points) -> np.ndarray:
    """Return the signed distance (mm, negative inside) to the lateral, third and fourth ventricles."""
    x, y, z = points
    sides = [np.abs(x), y, z]
    wide = np.float32(brain.ventricle_widening_mm)
    horn = capsule(sides, (6.5, 29, 8), (8, 6, 20)) - 4.2 - wide
    body = capsule(sides, (8, 6, 20), (13, -24, 21)) - 4.4 - wide
    atrium = capsule(sides, (13, -24, 21), (22, -40, 10)) - 5.0 - wide
    occipital = capsule(sides, (22, -40, 10), (20, -56, 6)) - 2.2 - 0.7 * wide
    temporal = capsule(sides, (22, -40, 10), (30, -12, -14)) - 1.8 - 0.5 * wide
    third = ellipsoid(points, (0, -6, 2), (1.8 + 0.8 * brain.ventricle_widening_mm, 14, 9))
    fourth = ellipsoid(points, (0, -40, -30), (5.5, 4, 7))
    lateral = np.minimum(np.minimum(horn, body), np.minimum(atrium, np.minimum(occipital, temporal)))
    lateral = np.maximum(lateral, 1.2 - sides[0])
    return np.minimum(lateral, np.minimum(third, fourth))


def tentorium_height(points: Points) -> np.ndarray:
    """Return the height (mm) above the tentorium, the roof of the cerebellum; a large number anterior to it."""
    x, y, z = points
    return np.where(y < 2, z + 12 + 0.28 * np.abs(x) - 0.10 * np.clip(y + 45, -30, 40), 99)


def tissue_distances(brain: Brain, grid: HeadGrid, points: Points, depth: np.ndarray) -> TissueDistances:
    """Compute the distances within the brain; `depth` is the depth (mm) within the skull's cavity."""
    x, y, z = points
    above = tentorium_height(points)
    upper = above > 0
    waves = np.abs(brain.sulci.on_grid(grid)) * np.float32(SULCI_MM / 6)
    leaves = np.abs(brain.folia.on_grid(grid)) * np.float32(1.5) + np.float32(0.5)
    sulci = np.where(upper, np.hypot(waves, np.maximum(depth - 15, 0)) - 0.35 - 0.9 * brain.atrophy_mm, leaves)
    callosum = ellipsoid(points, (0, -4, 10), (20, 44, 19))
    fissure = np.where(upper, np.maximum(np.abs(x), -callosum) - 0.8 - 0.8 * brain.atrophy_mm, 99)
    sides = [np.abs(x), y, z]
    sylvian = np.minimum(capsule(sides, (36, 30, -12), (44, -4, 4)), capsule(sides, (44, -4, 4), (56, -22, 14)))
    insula = np.maximum(np.abs(sides[0] - 39), np.abs(y - 8) - 20)
    insula = np.maximum(insula, np.abs(z - 2) - 10)
    suprasellar = ellipsoid(sides, (2, 4, -24), (13, 10, 7))
    ambient = np.abs(capsule(sides, (0, -20, -14), (0, -20, -22)) - 15 - 0.1 * sides[0]) - 0.8
    ambient = np.where(y < -14, ambient, 99)
    gaps = np.minimum(np.minimum(sylvian - 1.6, insula - 0.3) - 1.2 * brain.atrophy_mm, fissure)
    fluid = np.minimum(np.minimum(depth - 1.1 - brain.atrophy_mm, sulci), gaps)
    return TissueDistances(
        ventricle_distance(brain, points), np.minimum(fluid, np.minimum(suprasellar, ambient)), above
    )


def paint_brain(
    brain: Brain, points: Points, depth: np.ndarray, tissue: TissueDistances, *, edge_mm: float
) -> np.ndarray:
    """Return the HU of the brain, (i, j, k) float32, as if the whole grid were within the skull."""
    x, y, z = points
    sides = [np.abs(x), y, z]
    lower = partial_volume(tissue.above_tentorium, edge_mm)
    values = np.full(depth.shape, HU["white"], dtype=np.float32)
    pale = np.float32(min(1, 0.8 * brain.atrophy_mm)) * partial_volume(tissue.ventricles - 5, 10)
    blend(values, HU["white"] - 6, pale)
    blend(values, HU["gray"], partial_volume(tissue.csf - 3.6, edge_mm))
    caudate = ellipsoid(sides, (13, 18, 10), (6, 12, 11))
    lentiform = ellipsoid(sides, (24, 6, 2), (7, 18, 11))
    thalamus = ellipsoid(sides, (11, -13, 6), (8, 14, 9))
    blend(values, HU["gray"], partial_volume(np.minimum(np.minimum(caudate, lentiform), thalamus), edge_mm))
    blend(values, HU["hindbrain"], lower * partial_volume(-1.0 - depth, edge_mm))
    brainstem = ellipsoid(points, (0, -16, -34), (13, 12, 26))
    blend(values, HU["hindbrain"] - 3, partial_volume(brainstem, edge_mm))
    fluid = np.where(brainstem < 0, np.maximum(tissue.csf, 3), tissue.csf)
    blend(
        values,
        brain.csf_hu,
        partial_volume(fluid, edge_mm) * np.where(tissue.above_tentorium > 0, 1, 0.45).astype(np.float32),
    )
    blend(values, brain.csf_hu, partial_volume(tissue.ventricles, edge_mm))
    callosum = ellipsoid(points, (0, -4, 6), (20, 46, 24))
    falx = np.maximum(np.maximum(np.abs(x) - 0.6, -callosum), -tissue.above_tentorium)
    roof = np.maximum(np.abs(tissue.above_tentorium) - 0.6, 15 - capsule(points, (0, -20, -14), (0, -20, -22)))
    sinus = capsule(points, (0, -80, 0), (0, -60, 48)) - 3.5
    blend(values, HU["dura"], partial_volume(np.minimum(np.minimum(falx, roof), sinus), edge_mm))
    if brain.pineal:
        blend(values, HU["calcified"], partial_volume(ellipsoid(points, (0, -28, 5), (2.5, 3, 2.5)), edge_mm))
        blend(values, HU["calcified"], partial_volume(ellipsoid(sides, (21, -38, 11), (2, 3.5, 2)), edge_mm))
    return values
