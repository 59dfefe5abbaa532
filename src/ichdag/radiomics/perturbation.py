"""The same lesion once more, as another reader and another scan might have shown it."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ichdag.images import Volume

NEARLY_ISOTROPIC = 1.5


@dataclass(frozen=True)
class RepeatSettings:
    """How a lesion is perturbed; meanings and units in config/schemas/radiomics.schema.json."""

    rotation_degrees: float
    noise_hu: float


def perturbed(scan: Volume, *, mask: Volume, settings: RepeatSettings, seed: list[int]) -> tuple[Volume, Volume]:
    """Scan and mask turned by a small angle, the scan with more noise, the mask grown, shrunk or left; drawn by seed.

    ASSUME: turned about the axis of the thickest voxels; grown or shrunk by one voxel, and across slices only where
    they are about as thin as the voxels are wide. Source: Zwanenburg et al. 2019, Sci Rep 9:614.
    """
    random = np.random.default_rng(seed)
    angle = random.uniform(-1, 1) * settings.rotation_degrees
    change = random.choice(["grow", "shrink", "leave"])
    values = _turned(scan.values, scan.spacing_mm, angle, about=mask.values, fill=float(scan.values.min()))
    lesion = _turned(mask.values.astype(np.float32), scan.spacing_mm, angle, about=mask.values, fill=0) >= 0.5
    values = values + random.normal(0, settings.noise_hu, values.shape).astype(np.float32)
    lesion = _resized(lesion if lesion.any() else mask.values, scan.spacing_mm, change)
    return Volume(np.rint(values), scan.affine), Volume(lesion, scan.affine)


def _turned(values: np.ndarray, spacing_mm: np.ndarray, angle: float, *, about: np.ndarray, fill: float) -> np.ndarray:
    """Values rotated within the plane of the two smallest voxel sizes, about the lesion's middle, linearly."""
    first, second = sorted(np.argsort(spacing_mm, kind="stable")[:2])
    turn = np.eye(3)
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turn[np.ix_([first, second], [first, second])] = [[cosine, -sine], [sine, cosine]]
    matrix = turn * spacing_mm[None, :] / spacing_mm[:, None]
    middle = np.argwhere(about).mean(axis=0)
    return ndimage.affine_transform(values, matrix, middle - matrix @ middle, order=1, mode="constant", cval=fill)


def _resized(lesion: np.ndarray, spacing_mm: np.ndarray, change: str) -> np.ndarray:
    """The mask grown or shrunk by one voxel; as it is where nothing would be left."""
    near = ndimage.generate_binary_structure(3, 1)
    for axis in np.flatnonzero(spacing_mm > NEARLY_ISOTROPIC * spacing_mm.min()):
        near &= (np.indices(near.shape) == 1)[axis]
    if change == "grow":
        return ndimage.binary_dilation(lesion, near)
    smaller = ndimage.binary_erosion(lesion, near) if change == "shrink" else lesion
    return smaller if smaller.any() else lesion
