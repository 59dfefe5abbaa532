"""Where the head is in a scan: without table and holder, air cells filled, and what of it the skull encloses.

All of it is found on a coarse copy of the scan (voxels of about 2.5 mm), which is quick, and good to a voxel or two.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ichdag.images import Volume

COARSE_MM = 2.5
THIN_MM = 6.0  # what is thinner than this falls off the head when it is opened: table tops, holders, tubes
BONE_HU = 250
GAP_MM = 14.0  # sutures, thin temporal bone, burr holes


@dataclass(frozen=True)
class Head(Volume):
    """The coarse scan (HU), with the head and the space the skull encloses in it, both bool (i, j, k).

    `steps` are the scan's voxels along each edge of a coarse one.
    """

    inside: np.ndarray
    enclosed: np.ndarray
    steps: tuple[int, int, int]


def find_head(scan: Volume, *, head_hu: float) -> Head:
    """Find the head in a scan in HU, RAS: the largest thing above `head_hu` once thin things have fallen off.

    Without any, `inside` is all false. The head is grown by one coarse voxel, so that no skin is lost.
    """
    steps = tuple(int(max(1, np.floor(COARSE_MM / edge))) for edge in scan.spacing_mm)
    values = scan.values[tuple(slice(None, None, step) for step in steps)]
    affine = scan.affine @ np.diag([*map(float, steps), 1.0])
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    tissue = values > head_hu
    head = _largest(_opened(tissue, spacing))
    if head.any():
        grown = ndimage.binary_dilation(head, _disk(THIN_MM / 2, spacing))
        head = _filled(
            ndimage.binary_propagation(grown & tissue & _near(head, spacing), mask=_near(head, spacing) & tissue)
        )
        head = ndimage.binary_dilation(head, _disk(spacing[0], spacing))
    bone = _blocks_with(scan.values > BONE_HU, steps)
    return Head(values, affine, inside=head, enclosed=_enclosed(bone, head, spacing), steps=steps)


def cover(head: Head, shape: tuple[int, ...]) -> np.ndarray:
    """The head on the scan's own grid of this shape, bool."""
    values = head.inside
    for axis, (step, size) in enumerate(zip(head.steps, shape, strict=True)):
        places = np.minimum(np.round(np.arange(size) / step).astype(int), values.shape[axis] - 1)
        values = np.take(values, places, axis=axis)
    return values


def _opened(tissue: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Tissue slice by slice without what is thinner than THIN_MM."""
    disk = _disk(THIN_MM / 2, spacing)
    padded = np.pad(
        tissue, [(4, 4), (4, 4), (0, 0)], mode="edge"
    )  # a head that the field of view cuts is not thin there
    return ndimage.binary_opening(padded, disk)[4:-4, 4:-4]


def _near(head: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Within THIN_MM of the opened head, in the slice's plane."""
    return ndimage.binary_dilation(head, _disk(THIN_MM, spacing))


def _disk(radius_mm: float, spacing: np.ndarray) -> np.ndarray:
    """An in-plane disk (2r+1, 2r+1, 1) of at least one voxel's radius."""
    reach = np.maximum(1, np.round(radius_mm / spacing[:2])).astype(int)
    i, j = np.ogrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    return (((i / reach[0]) ** 2 + (j / reach[1]) ** 2) <= 1.01)[..., None]


def _largest(mask: np.ndarray) -> np.ndarray:
    """The largest 6-connected part."""
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    return labels == np.bincount(labels.ravel())[1:].argmax() + 1


def _filled(head: np.ndarray) -> np.ndarray:
    """The head with its air cells, slice by slice."""
    return np.stack([ndimage.binary_fill_holes(head[:, :, place]) for place in range(head.shape[2])], axis=2)


def _enclosed(bone: np.ndarray, head: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """What bone encloses within each slice of the head, bone left out; gaps of the skull up to GAP_MM are bridged."""
    found = np.zeros_like(head)
    disk = _disk(GAP_MM / 2, spacing)[..., 0]
    margin = max(disk.shape)
    for place in np.flatnonzero((bone & head).any(axis=(0, 1))):
        own = np.pad(bone[:, :, place] & head[:, :, place], margin)
        ring = ndimage.binary_closing(own, disk) | own
        found[:, :, place] = (ndimage.binary_fill_holes(ring) & ~ring)[margin:-margin, margin:-margin]
    return ndimage.binary_opening(found, _disk(THIN_MM, spacing))


def _blocks_with(mask: np.ndarray, steps: tuple[int, int, int]) -> np.ndarray:
    """Which blocks of `steps` voxels hold any of the mask."""
    for axis, step in enumerate(steps):
        if step > 1:
            mask = np.logical_or.reduceat(mask, np.arange(0, mask.shape[axis], step), axis=axis)
    return mask
