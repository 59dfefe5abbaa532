"""Masks stored as DICOM segmentations: each frame is placed by its own position."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from ichdag.conversion.dicom.decoding import LPS_TO_RAS
from ichdag.conversion.dicom.headers import get_numbers, silence_pydicom
from ichdag.conversion.dicom.read_limits import ReadBudget
from ichdag.conversion.dicom.streams import MAX_INFLATED_BYTES, open_limited
from ichdag.conversion.size_limits import refuse_size
from ichdag.file_errors import raise_machine_fault
from ichdag.images import Volume
from ichdag.jobs import DataFault

MAX_OFFSET = 0.1  # of a voxel, between the frames and the scan


def read_segmentation(path: str | Path, *, scan: Volume) -> Volume:
    """Read a DICOM-SEG as a mask on the scan's grid, bool (i, j, k); a fraction of at least one half counts as lesion.

    Empty slices and empty segments may be present or left out; a label map (the newer kind of file) is read in the same
    way. Raises DataFault if it cannot be read, several segments are not empty, or its pixels are not voxels of the
    scan; OSError if the machine cannot read it.
    """
    values = np.zeros(scan.values.shape, dtype=bool)
    drawn: set[int] = set()
    with silence_pydicom():
        try:
            for frame, segments in _segmented_frames(path):
                if segments:
                    drawn |= segments.keys()
                    voxels = _voxel_indices(frame, np.logical_or.reduce(list(segments.values())), scan)
                    values[tuple(voxels.T)] = True
        except DataFault:
            raise
        except Exception as error:  # a damaged file may raise any exception, and quote header values in it
            raise_machine_fault(error, path)
            reason = f"mask cannot be read as DICOM-SEG: {type(error).__name__}"
            raise DataFault("cohort", f"{reason}, a segmentation of the converted series is needed") from None
    if len(drawn) > 1:
        raise DataFault("cohort", f"mask has several segments: {len(drawn)} of them, export the hematoma alone")
    return Volume(values, scan.affine.copy())


def _segmented_frames(path: str | Path) -> Iterator[tuple[Dataset, dict[int, np.ndarray]]]:
    """Yield the flat header of each frame, and the pixels, bool (rows, columns), of every segment that is not empty."""
    import highdicom  # takes most of a second, and few masks are DICOM

    with open_limited(Path(path), budget=ReadBudget(1), max_pixel_bytes=MAX_INFLATED_BYTES) as stream:
        stored = highdicom.seg.Segmentation.from_dataset(pydicom.dcmread(stream), copy=False)
    kind = stored.SegmentationType
    count = int(stored.NumberOfFrames)
    refuse_size([count, stored.Rows, stored.Columns], "the mask")
    pixels = stored.pixel_array.reshape(count, stored.Rows, stored.Columns)
    shared = (stored.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    for own, plane in zip(stored.PerFrameFunctionalGroupsSequence, pixels, strict=True):
        frame = Dataset()
        for group in (*shared, *own):
            if group.VR == "SQ" and group.value:
                frame.update(group.value[0])
        if kind == "LABELMAP":
            yield frame, {int(label): plane == label for label in np.unique(plane) if label}
        else:
            threshold = stored.MaximumFractionalValue / 2 if kind == "FRACTIONAL" else 1
            is_drawn = plane >= threshold
            yield frame, {int(frame.ReferencedSegmentNumber): is_drawn} if is_drawn.any() else {}


def _voxel_indices(frame: Dataset, pixels: np.ndarray, scan: Volume) -> np.ndarray:
    """Return the indices (n, 3) of the scan's voxels that the pixels of a frame are.

    Raises DataFault if pixels lie between or outside the voxels, AttributeError or TypeError without a position.
    """
    position = get_numbers(frame, "ImagePositionPatient", 3)
    orientation = get_numbers(frame, "ImageOrientationPatient", 6)
    spacing = get_numbers(frame, "PixelSpacing", 2)
    if orientation is None:
        raise AttributeError("no orientation")
    if position is None or spacing is None:
        raise TypeError("no position or pixel spacing")
    axes = orientation.reshape(2, 3)
    to_voxels = np.linalg.inv(scan.affine) @ LPS_TO_RAS
    # From (row, column, 1) to voxels. PixelSpacing is the distance between rows, then between columns.
    to_exact = to_voxels[:3] @ np.array([[*(axes[1] * spacing[0]), 0], [*(axes[0] * spacing[1]), 0], [*position, 1]]).T
    to_whole = np.rint(to_exact)
    corners = np.array([[*corner, 1] for corner in np.ndindex(2, 2)]) * [*(np.array(pixels.shape) - 1), 1]
    voxels = (np.column_stack([np.argwhere(pixels), np.ones(np.count_nonzero(pixels))]) @ to_whole.T).astype(int)
    is_between = np.abs((to_exact - to_whole) @ corners.T).max() > MAX_OFFSET
    if is_between or (voxels < 0).any() or (voxels >= scan.values.shape).any():
        raise DataFault("cohort", "manual mask is not on the scan's grid: the segmentation was drawn on another series")
    return voxels
