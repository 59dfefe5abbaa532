"""Masks kept as DICOM segmentations: each frame is put where its own position says, whatever frames are beside it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from ichdag.conversion.affines import refuse_size
from ichdag.conversion.dicom.decoding import LPS_TO_RAS
from ichdag.conversion.dicom.headers import numbers, quiet
from ichdag.conversion.dicom.read_limits import Budget
from ichdag.conversion.dicom.streams import LARGEST_INFLATED, bounded
from ichdag.file_errors import raise_machine_fault
from ichdag.images import Volume
from ichdag.jobs import DataFault

LARGEST_OFFSET = 0.1  # of a voxel


def read_segmentation(path: str | Path, *, scan: Volume) -> Volume:
    """Read a DICOM-SEG as a bool mask on the scan's grid; fractions of a half and more count.

    Empty slices and empty segments may be there or left out; a label map (the newer kind of file) is read alike.
    Raises DataFault if it cannot be read, several segments hold something, or it lies between the scan's voxels.
    """
    values = np.zeros(scan.values.shape, dtype=bool)
    drawn = set()
    with quiet():
        try:
            for frame, segments in _frames(path):
                if segments:
                    drawn |= segments.keys()
                    places = _places(frame, np.logical_or.reduce(list(segments.values())), scan)
                    values[tuple(places.T)] = True
        except DataFault:
            raise
        except Exception as error:  # whatever is wrong with it, with header values in the words
            raise_machine_fault(error, path)
            reason = f"mask cannot be read as DICOM-SEG: {type(error).__name__}"
            raise DataFault("cohort", f"{reason}, a segmentation of the converted series is needed") from None
    if len(drawn) > 1:
        raise DataFault("cohort", f"mask has several segments: {len(drawn)} of them, export the hematoma alone")
    return Volume(values, scan.affine.copy())


def _frames(path: str | Path) -> Iterator[tuple[Dataset, dict[int, np.ndarray]]]:
    """Each frame's flat header, and the pixels (rows, columns) of every segment that has any there."""
    import highdicom  # most of a second, and few masks are kept so

    with bounded(Path(path), budget=Budget(1), pixels=LARGEST_INFLATED) as stream:
        stored = highdicom.seg.Segmentation.from_dataset(pydicom.dcmread(stream), copy=False)
    kind, count = stored.SegmentationType, int(stored.NumberOfFrames)
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
            half = stored.MaximumFractionalValue / 2 if kind == "FRACTIONAL" else 1
            yield frame, {int(frame.ReferencedSegmentNumber): plane >= half} if (plane >= half).any() else {}


def _places(frame: Dataset, pixels: np.ndarray, scan: Volume) -> np.ndarray:
    """The scan's voxels (n, 3) that the pixels of a frame are. Raises DataFault if they lie between or outside them."""
    position = numbers(frame, "ImagePositionPatient", 3)
    axes = numbers(frame, "ImageOrientationPatient", 6).reshape(2, 3)
    spacing = numbers(frame, "PixelSpacing", 2)
    to_voxels = np.linalg.inv(scan.affine) @ LPS_TO_RAS
    # From (row, column, 1) to voxels: down a column rows grow, along a row columns do.
    exact = to_voxels[:3] @ np.array([[*(axes[1] * spacing[0]), 0], [*(axes[0] * spacing[1]), 0], [*position, 1]]).T
    whole = np.rint(exact)
    corners = np.array([[*corner, 1] for corner in np.ndindex(2, 2)]) * [*(np.array(pixels.shape) - 1), 1]
    places = (np.column_stack([np.argwhere(pixels), np.ones(np.count_nonzero(pixels))]) @ whole.T).astype(int)
    between = np.abs((exact - whole) @ corners.T).max() > LARGEST_OFFSET
    if between or (places < 0).any() or (places >= scan.values.shape).any():
        raise DataFault("cohort", "manual mask is not on the scan's grid: the segmentation was drawn on another series")
    return places
