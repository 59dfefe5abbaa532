"""Manual masks on the grid of their scan: cropped masks are padded, masks on other grids are resampled."""

import numpy as np

from ichdag.grids import resample
from ichdag.images import Volume, same_grid
from ichdag.number_format import format_plain


def pad_to_scan(mask: Volume, scan: Volume) -> Volume:
    """Return a mask that was cropped from the scan's grid on the whole of it, false outside; any other as it is.

    Along an axis of one voxel the voxel size of the mask means nothing and is not compared.
    """
    affine = mask.affine.copy()
    for axis in np.flatnonzero(np.array(mask.values.shape) == 1):
        affine[:3, axis] = scan.affine[:3, axis]
    start = np.rint(np.linalg.solve(scan.affine, affine[:, 3])[:3]).astype(int)
    end = start + mask.values.shape
    expected = scan.affine.copy()
    expected[:3, 3] += scan.affine[:3, :3] @ start
    cropped = Volume(mask.values, expected)
    if not same_grid(Volume(mask.values, affine), cropped) or (start < 0).any() or (end > scan.values.shape).any():
        return mask
    values = np.zeros(scan.values.shape, dtype=bool)
    values[tuple(slice(*ends) for ends in zip(start, end, strict=True))] = mask.values
    return Volume(values, scan.affine)


def resample_to_scan(mask: Volume, scan: Volume) -> Volume:
    """Return the mask on the scan's grid, by its nearest voxel; false where the mask's grid does not reach."""
    lesion = Volume(mask.values.astype(np.uint8), mask.affine)
    values = resample(lesion, affine=scan.affine, shape=scan.values.shape, order=0)
    return Volume(values > 0, scan.affine)


def describe_grid(volume: Volume) -> str:
    """Return shape, spacing (mm) and origin (mm) of a grid as words for a sentence."""
    shape = " x ".join(map(str, volume.values.shape))
    spacing = " x ".join(format_plain(edge, 6) for edge in volume.spacing_mm)
    origin = ", ".join(f"{coordinate:.1f}" for coordinate in volume.affine[:3, 3])
    return f"{shape} voxels of {spacing} mm from ({origin})"
