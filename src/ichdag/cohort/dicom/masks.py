"""Masks kept as DICOM segmentations."""

from pathlib import Path

import numpy as np
from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation

from ichdag.cohort.dicom.decoding import LPS_TO_RAS
from ichdag.cohort.dicom.headers import quiet
from ichdag.faults import refuse_machine_fault
from ichdag.images import Volume, same_grid
from ichdag.jobs import DataFault


def read_segmentation(path: str | Path, *, scan: Volume | None = None) -> Volume:
    """Read a DICOM-SEG of one segment as a bool mask, orientation nearest RAS; fractions of a half and more count.

    A segmentation may leave empty slices out: with `scan`, the mask is put on the scan's grid, if its voxels are
    voxels of the scan. Raises DataFault if it cannot be read, has several segments, or lies between the scan's voxels.
    """
    import highdicom  # most of a second, and few masks are kept so

    with quiet():
        try:
            stored = highdicom.seg.segread(str(path))
            count = stored.number_of_segments
            volume = stored.get_volume() if count == 1 else None
        except Exception as error:  # whatever highdicom finds wrong, with header values in its words
            refuse_machine_fault(error, path)
            reason = f"mask cannot be read as DICOM-SEG: {type(error).__name__}"
            raise DataFault("cohort", f"{reason}, one straight evenly spaced segment is needed") from None
    if volume is None:
        raise DataFault("cohort", f"mask has several segments: {count} of them, export the hematoma alone")
    values = np.asarray(volume.array).reshape(volume.spatial_shape) >= 0.5
    affine = LPS_TO_RAS @ volume.affine
    turn = io_orientation(affine)
    mask = Volume(apply_orientation(values, turn), affine @ inv_ornt_aff(turn, values.shape))
    return mask if scan is None else _on_grid(mask, scan)


def _on_grid(mask: Volume, scan: Volume) -> Volume:
    """The mask within the scan's grid; none of its voxels may lie between or outside the scan's."""
    start = np.rint(np.linalg.inv(scan.affine) @ mask.affine[:, 3])[:3].astype(int)
    beside = scan.affine.copy()
    beside[:3, 3] += scan.affine[:3, :3] @ start
    places = np.argwhere(mask.values) + start
    if not same_grid(mask, Volume(mask.values, beside)) or (places < 0).any() or (places >= scan.values.shape).any():
        raise DataFault("cohort", "manual mask is not on the scan's grid: the segmentation was drawn on another series")
    values = np.zeros(scan.values.shape, dtype=bool)
    values[tuple(places.T)] = True
    return Volume(values, scan.affine.copy())
