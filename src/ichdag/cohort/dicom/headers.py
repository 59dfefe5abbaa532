"""Headers of DICOM files, without pixels; an Enhanced multi-frame file is read as one flat header a frame.

Only the tags below are ever parsed. PatientID serves to tell patients apart and is dropped here; SeriesDescription is
kept for the rules and never shown.
"""

import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.misc import is_dicom as has_preamble
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    MediaStorageDirectoryStorage,
)

from ichdag.faults import refuse_machine_fault
from ichdag.jobs import DataFault

TAGS = [
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID", "Modality", "ImageType"),
    *("SeriesNumber", "SeriesDescription", "AcquisitionNumber", "BodyPartExamined", "Manufacturer", "KVP"),
    *("ConvolutionKernel", "ContrastBolusAgent", "ContrastBolusAgentSequence", "GantryDetectorTilt", "SliceThickness"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns", "NumberOfFrames"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel", "PhotometricInterpretation"),
    *("RescaleSlope", "RescaleIntercept", "RescaleType", "PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("LossyImageCompression", "AcquisitionDateTime", "AcquisitionDate", "AcquisitionTime"),
    *("SeriesDate", "SeriesTime", "ContentDate", "ContentTime", "StudyDate", "StudyTime"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
]
CT_IMAGES = (CTImageStorage, EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage)
GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")


@dataclass(frozen=True)
class Slice:
    """One image plane: its file, its frame there (None in a classic file), its flat header, geometry in LPS mm."""

    file: Path = field(repr=False)
    frame: int | None
    header: Dataset = field(repr=False)
    position: np.ndarray | None
    orientation: np.ndarray | None
    spacing: np.ndarray | None


@contextmanager
def quiet() -> Iterator[None]:
    """Keep pydicom's warnings to itself: they quote header values, names among them."""
    before, pydicom.config.logger.disabled = pydicom.config.logger.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        pydicom.config.logger.disabled = before


def read_headers(files: list[Path]) -> tuple[list[Slice], Counter]:
    """Read every DICOM file of one patient: its slices, and how many files were dicom, copies, or other.

    Raises DataFault if none is DICOM, one of them is damaged, or they belong to several patients; OSError if one cannot
    be read.
    """
    counts: Counter = Counter()
    marked = [file for file in files if has_preamble(file)]
    headers = [(file, _read(file, force=not marked)) for file in marked or files]
    if not marked:  # files older than the preamble, among others that are anything
        headers = [(file, header) for file, header in headers if header and "SOPClassUID" in header]
    damaged = sum(_is_damaged(header) for _, header in headers)
    if damaged:
        raise DataFault("cohort", f"damaged DICOM: {damaged} of {len(headers)} files cannot be read, copy them again")
    images: dict[str, tuple[Path, Dataset]] = {}
    patients = set()
    for file, header in headers:
        if _is_directory(header):
            continue
        counts["dicom"] += 1
        key = str(header.get("SOPInstanceUID") or file)
        counts["copies"] += key in images
        images.setdefault(key, (file, header))
        patients.add(str(header.get("PatientID") or "").strip())
        header.pop("PatientID", None)
    counts["other"] = len(files) - counts["dicom"]
    if not images:
        raise DataFault("cohort", f"no DICOM image among {len(files)} files")
    if len(patients - {""}) > 1:
        raise DataFault("cohort", f"several patients: {len(patients - {''})} of them, give one folder for each scan")
    return [plane for file, header in images.values() for plane in _planes(file, header)], counts


def numbers(header: Dataset, name: str, count: int) -> np.ndarray | None:
    """The `count` finite numbers of a tag, or None where they are not that."""
    try:
        found = np.atleast_1d(np.asarray(header.get(name), dtype=float))
    except (TypeError, ValueError):
        return None
    return found if found.shape == (count,) and np.isfinite(found).all() else None


def number(header: Dataset, name: str) -> float | None:
    """The number of a tag, or None."""
    found = numbers(header, name, 1)
    return None if found is None else float(found[0])


def text(header: Dataset, name: str) -> str:
    """The first value of a tag as text, or nothing."""
    value = header.get(name)
    if isinstance(value, (list, pydicom.multival.MultiValue)):
        value = value[0] if value else None
    return "" if value is None else str(value).strip()


def _read(file: Path, *, force: bool) -> Dataset | None:
    try:
        header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=TAGS, force=force)
    except Exception as error:  # a damaged header may raise anything
        refuse_machine_fault(error, file)
        return None
    _drop_unreadable(header)
    return header


def _drop_unreadable(header: Dataset) -> None:
    """Parse every value now, and leave out those that are not what their type says: they then count as missing."""
    for tag in list(header.keys()):
        try:
            for item in header[tag].value if header[tag].VR == "SQ" else ():
                _drop_unreadable(item)
        except Exception as error:  # a wrong value may raise anything, and quotes itself
            refuse_machine_fault(error)
            del header[tag]


def _is_directory(header: Dataset) -> bool:
    return header.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage


def _is_damaged(header: Dataset | None) -> bool:
    """Whether a header could not be read, or ends before it should."""
    if header is None or _is_directory(header):
        return header is None
    last = "PixelRepresentation" if header.get("SOPClassUID") in CT_IMAGES else "Modality"
    return "SOPClassUID" not in header or last not in header


def _planes(file: Path, header: Dataset) -> Iterator[Slice]:
    frames = header.get("PerFrameFunctionalGroupsSequence")
    if not frames:
        yield _plane(file, None, header)
        return
    shared = header.get("SharedFunctionalGroupsSequence") or [Dataset()]
    top = Dataset()
    top.update({element.tag: element for element in header if element.keyword not in GROUPS})
    for number_, own in enumerate(frames):
        flat = Dataset()
        flat.update(top)
        for group in (*shared[0], *own):
            if group.VR == "SQ" and group.value:
                flat.update(group.value[0])
        flat.file_meta = header.file_meta
        yield _plane(file, number_, flat)


def _plane(file: Path, frame: int | None, header: Dataset) -> Slice:
    geometry = [("ImagePositionPatient", 3), ("ImageOrientationPatient", 6), ("PixelSpacing", 2)]
    return Slice(file, frame, header, *(numbers(header, name, count) for name, count in geometry))
