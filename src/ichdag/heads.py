"""Segment the head in a scan, without table and head holder and with its air cells, and the space inside the skull.

This is done on a coarse copy of the scan (voxels of about 2.5 mm), which is fast, and precise to a voxel or two.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ichdag.images import Volume

COARSE_MM = 2.5
THIN_MM = 6.0  # thinner things are removed by the opening: table tops, head holders, tubes
BONE_HU = 250
GAP_MM = 14.0  # sutures, thin temporal bone, burr holes


@dataclass(frozen=True)
class Head(Volume):
    """A coarse scan (HU), the head in it, and the space inside the skull, both bool (i, j, k).

    `steps` are the voxels of the scan along each edge of a coarse voxel.
    """

    inside: np.ndarray
    enclosed: np.ndarray
    steps: tuple[int, int, int]


def find_head(scan: Volume, *, head_hu: float) -> Head:
    """Find the head in a scan (HU, RAS): the largest component above `head_hu`, after thin things are removed.

    If there is none, `inside` is all false. The head is dilated by one coarse voxel, so that no skin is lost.
    """
    step_i, step_j, step_k = (int(max(1, np.floor(COARSE_MM / edge))) for edge in scan.spacing_mm)
    steps = (step_i, step_j, step_k)
    values = scan.values[::step_i, ::step_j, ::step_k]
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
    """Return the head on the scan's own grid (shape), bool."""
    values = head.inside
    for axis, (step, size) in enumerate(zip(head.steps, shape, strict=True)):
        indices = np.minimum(np.round(np.arange(size) / step).astype(int), values.shape[axis] - 1)
        values = np.take(values, indices, axis=axis)
    return values


def _opened(tissue: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Remove what is thinner than THIN_MM from each slice."""
    disk = _disk(THIN_MM / 2, spacing)
    # The edge is repeated, so that a head cut by the field of view does not count as thin there.
    padded = np.pad(tissue, [(4, 4), (4, 4), (0, 0)], mode="edge")
    return ndimage.binary_opening(padded, disk)[4:-4, 4:-4]


def _near(head: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Return the voxels within THIN_MM of the opened head, in the plane of the slice."""
    return ndimage.binary_dilation(head, _disk(THIN_MM, spacing))


def _disk(radius_mm: float, spacing: np.ndarray) -> np.ndarray:
    """Return an in-plane disk (2r+1, 2r+1, 1) with a radius of at least one voxel."""
    reach = np.maximum(1, np.round(radius_mm / spacing[:2])).astype(int)
    i, j = np.ogrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    return (((i / reach[0]) ** 2 + (j / reach[1]) ** 2) <= 1.01)[..., None]


def _largest(mask: np.ndarray) -> np.ndarray:
    """Return the largest 6-connected component."""
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    return labels == np.bincount(labels.ravel())[1:].argmax() + 1


def _filled(head: np.ndarray) -> np.ndarray:
    """Fill the air cells of the head, slice by slice."""
    return np.stack([ndimage.binary_fill_holes(head[:, :, k]) for k in range(head.shape[2])], axis=2)


def _enclosed(bone: np.ndarray, head: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Return the space that bone encloses in each slice of the head, without bone; gaps up to GAP_MM are closed."""
    enclosed = np.zeros_like(head)
    disk = _disk(GAP_MM / 2, spacing)[..., 0]
    margin = max(disk.shape)
    for k in np.flatnonzero((bone & head).any(axis=(0, 1))):
        skull = np.pad(bone[:, :, k] & head[:, :, k], margin)
        ring = ndimage.binary_closing(skull, disk) | skull
        enclosed[:, :, k] = (ndimage.binary_fill_holes(ring) & ~ring)[margin:-margin, margin:-margin]
    return ndimage.binary_opening(enclosed, _disk(THIN_MM, spacing))


def _blocks_with(mask: np.ndarray, steps: tuple[int, int, int]) -> np.ndarray:
    """Return which blocks of `steps` voxels have a voxel of the mask."""
    for axis, step in enumerate(steps):
        if step > 1:
            mask = np.logical_or.reduceat(mask, np.arange(0, mask.shape[axis], step), axis=axis)
    return mask
