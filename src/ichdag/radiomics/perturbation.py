"""Perturb scan and mask as another scan and another reader might change them, for repeatability of the features."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ichdag.images import Volume

NEARLY_ISOTROPIC = 1.5


@dataclass(frozen=True)
class PerturbationSettings:
    """Sizes of the perturbations; meanings and units in config/schemas/radiomics.schema.json."""

    rotation_degrees: float
    noise_hu: float


def perturb(scan: Volume, *, mask: Volume, settings: PerturbationSettings, seed: list[int]) -> tuple[Volume, Volume]:
    """Rotate scan (HU) and mask, add noise to the scan, and grow, shrink or keep the mask; drawn at random by seed.

    ASSUME: rotation is about the axis with the largest voxel size. The mask grows or shrinks by one voxel, across
    slices only where they are about as thin as the voxels are wide. Source: Zwanenburg et al. 2019, Sci Rep 9:614.
    """
    random = np.random.default_rng(seed)
    angle = random.uniform(-1, 1) * settings.rotation_degrees
    change = random.choice(["grow", "shrink", "keep"])
    values = _rotate(scan.values, scan.spacing_mm, angle, lesion=mask.values, fill=float(scan.values.min()))
    lesion = _rotate(mask.values.astype(np.float32), scan.spacing_mm, angle, lesion=mask.values, fill=0) >= 0.5
    values = values + random.normal(0, settings.noise_hu, values.shape).astype(np.float32)
    lesion = _grow_or_shrink(lesion if lesion.any() else mask.values, scan.spacing_mm, change)
    return Volume(np.rint(values), scan.affine), Volume(lesion, scan.affine)


def _rotate(values: np.ndarray, spacing_mm: np.ndarray, angle: float, *, lesion: np.ndarray, fill: float) -> np.ndarray:
    """Rotate by an angle (degrees) about the centroid of the lesion, in the plane of the two smallest voxel sizes."""
    first, second = sorted(np.argsort(spacing_mm, kind="stable")[:2])
    rotation = np.eye(3)
    cosine = np.cos(np.radians(angle))
    sine = np.sin(np.radians(angle))
    rotation[np.ix_([first, second], [first, second])] = [[cosine, -sine], [sine, cosine]]
    matrix = rotation * spacing_mm[None, :] / spacing_mm[:, None]
    center = np.argwhere(lesion).mean(axis=0)
    return ndimage.affine_transform(values, matrix, center - matrix @ center, order=1, mode="constant", cval=fill)


def _grow_or_shrink(lesion: np.ndarray, spacing_mm: np.ndarray, change: str) -> np.ndarray:
    """Grow or shrink the mask by one voxel; keep it where nothing would be left."""
    neighbors = ndimage.generate_binary_structure(3, 1)
    for axis in np.flatnonzero(spacing_mm > NEARLY_ISOTROPIC * spacing_mm.min()):
        neighbors &= (np.indices(neighbors.shape) == 1)[axis]
    if change == "grow":
        return ndimage.binary_dilation(lesion, neighbors)
    shrunk = ndimage.binary_erosion(lesion, neighbors) if change == "shrink" else lesion
    return shrunk if shrunk.any() else lesion
