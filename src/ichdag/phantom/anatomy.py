"""A head without a bleed: scalp, skull, CSF, cortex, white matter, deep nuclei, ventricles, falx."""

from dataclasses import dataclass

import numpy as np

from ichdag.phantom.fields import smooth_field

HU = {"air": -1000, "scalp": 20, "csf": 8, "gray": 37, "white": 28, "falx": 50, "sinus": -900}
RADII_MM = np.array([71.0, 87.0, 68.0])


@dataclass(frozen=True)
class Head:
    """HU of a head (i, j, k) float32, where its brain tissue is, and where its ventricles are (bool)."""

    values: np.ndarray
    brain: np.ndarray
    ventricles: np.ndarray


def draw_head(points: list[np.ndarray], *, random: np.random.Generator) -> Head:
    """Draw one person's head at head coordinates in mm; sizes and folds vary from person to person."""
    size = RADII_MM * (1 + 0.03 * random.normal(size=3))
    x, y, z = points
    depth = (1 - np.sqrt((x / size[0]) ** 2 + (y / size[1]) ** 2 + (z / size[2]) ** 2)) * np.float32(size.min())
    folds = smooth_field(points, length_mm=6, random=random)
    coarse = smooth_field(points, length_mm=15, random=random)
    skull_mm = 6 + 0.8 * coarse
    inner = depth - 5 - skull_mm
    values = np.full(depth.shape, HU["air"], dtype=np.float32)
    values[depth > 0] = HU["scalp"]
    skull = (depth > 5) & (inner <= 0)
    values[skull] = np.clip(1050 + 180 * folds, 700, 1500)[skull]
    csf_mm = 1.8 + 0.9 * np.clip(folds, -1, 2)
    inside = inner > 0
    values[inside] = HU["csf"]
    brain = inner > csf_mm
    values[brain] = HU["white"]
    cortex = brain & (inner < csf_mm + 4.5 + 2.5 * np.sin(2.2 * folds + coarse))
    nuclei = brain & _nuclei(points)
    values[cortex | nuclei] = HU["gray"]
    ventricles = brain & _ventricles(points, float(random.uniform(0.8, 1.3)))
    values[ventricles] = HU["csf"]
    falx = inside & (np.abs(x) < 1.2) & ((z > 12) | (y > 55)) & ~ventricles
    values[falx] = HU["falx"]
    return Head(values, brain & ~ventricles & ~falx, ventricles)


def _nuclei(points: list[np.ndarray]) -> np.ndarray:
    """Basal ganglia and thalami, both sides."""
    x, y, z = points
    lentiform = ((np.abs(x) - 24) / 9) ** 2 + ((y - 8) / 18) ** 2 + ((z + 2) / 13) ** 2 < 1
    thalamus = ((np.abs(x) - 11) / 8) ** 2 + ((y + 10) / 13) ** 2 + ((z + 2) / 10) ** 2 < 1
    return lentiform | thalamus


def _ventricles(points: list[np.ndarray], width: float) -> np.ndarray:
    """Lateral ventricles (body and occipital horn) and the third ventricle."""
    x, y, z = points
    center = 8 + 0.004 * (y - 5) ** 2
    body = ((np.abs(x) - center) / (5 * width)) ** 2 + ((y - 2) / 34) ** 2 + ((z - 16) / (8 * width)) ** 2 < 1
    horn = ((np.abs(x) - 22) / (5 * width)) ** 2 + ((y + 38) / 16) ** 2 + ((z - 6) / (7 * width)) ** 2 < 1
    third = (np.abs(x) < 2.2 * width) & ((y + 6) ** 2 / 14**2 + (z - 2) ** 2 / 9**2 < 1)
    return body | horn | third
