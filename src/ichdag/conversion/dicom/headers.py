"""Headers of DICOM files, without pixels; an Enhanced multi-frame file is read as one flat header a frame.

Files are DICOM by how they begin, with the preamble or without, whatever their names and those beside them are.
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
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    MediaStorageDirectoryStorage,
)

from ichdag.conversion.dicom.read_limits import Budget
from ichdag.conversion.dicom.streams import beginning_of, bounded
from ichdag.conversion.dicom.unreadable_files import unread
from ichdag.file_errors import raise_machine_fault
from ichdag.jobs import DataFault

TAGS = [
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID", "Modality", "ImageType"),
    *("SeriesNumber", "SeriesDescription", "AcquisitionNumber", "InstanceNumber", "BodyPartExamined", "Manufacturer"),
    *("KVP", "ConvolutionKernel", "ContrastBolusAgent", "ContrastBolusAgentSequence", "GantryDetectorTilt"),
    *("SliceThickness", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns"),
    *("NumberOfFrames", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel"),
    *("PhotometricInterpretation", "RescaleSlope", "RescaleIntercept", "RescaleType", "PixelPaddingValue"),
    *("PixelPaddingRangeLimit", "LossyImageCompression", "TimezoneOffsetFromUTC"),
    *("AcquisitionDateTime", "AcquisitionDate", "AcquisitionTime"),
    *("FrameOfReferenceUID", "SeriesDate", "SeriesTime", "ContentDate", "ContentTime", "StudyDate", "StudyTime"),
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

    Raises DataFault if none is DICOM, one of them is damaged, they hold more than headers do, or belong to several
    patients; OSError if one cannot be read.
    """
    counts: Counter = Counter()
    begins = {file: beginning_of(file) for file in files}
    budget = Budget(len(files))
    headers = [(file, _read(file, budget)) for file in files if begins[file]]
    headers = [(file, header) for file, header in headers if _is_dataset(header, begins[file])]
    slices = {file for file, header in headers if header is None or not _is_directory(header)}
    damaged = Counter({"headers not whole": sum(_is_damaged(header) for _, header in headers)})
    damaged += unread(slices, [file for file in files if not begins[file]])
    if damaged:
        raise DataFault("cohort", _told(damaged, len(files)))
    images: dict[tuple[str, ...], tuple[Path, Dataset]] = {}
    patients = set()
    for file, header in headers:
        if _is_directory(header):
            continue
        counts["dicom"] += 1
        key = _identity(file, header)
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


def _told(damaged: Counter[str], count: int) -> str:
    """What is said of files that cannot be read."""
    kinds = ", ".join(f"{number_} {kind}" for kind, number_ in damaged.items())
    return f"damaged DICOM: {damaged.total()} of {count} files cannot be read ({kinds}), copy them again"


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


def _read(file: Path, budget: Budget) -> Dataset | None:
    try:
        with bounded(file, budget=budget) as stream:
            header = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=TAGS, force=True)
    except DataFault:
        raise
    except Exception as error:  # a damaged header may raise anything
        raise_machine_fault(error, file)
        return None
    if "SOPClassUID" not in header and "MediaStorageSOPClassUID" in header.file_meta:
        header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID
    _drop_unreadable(header)
    return header


def _is_dataset(header: Dataset | None, begins: str) -> bool:
    """Whether a file that begins as DICOM is an image or a header that is damaged, and not something else.

    What is readable, says not what it is, and has no pixels, is no image.
    """
    if header is None or "SOPClassUID" in header:
        return True
    readable = len(header) and "TransferSyntaxUID" in header.file_meta
    return begins == "marked" and not (readable and "Rows" not in header)


def _identity(file: Path, header: Dataset) -> tuple[str, ...]:
    """What copies of one image share: its UID, and because some programs give one to several images, its place."""
    uid = text(header, "SOPInstanceUID")
    names = ("SeriesInstanceUID", "SeriesNumber", "AcquisitionNumber", "ConvolutionKernel", "ImagePositionPatient")
    return (uid, *(str(header.get(name)) for name in names)) if uid else (str(file),)


def _drop_unreadable(header: Dataset) -> None:
    """Parse every value now, and leave out those that are not what their type says: they then count as missing."""
    for tag in list(header.keys()):
        try:
            for item in header[tag].value if header[tag].VR == "SQ" else ():
                _drop_unreadable(item)
        except Exception as error:  # a wrong value may raise anything, and quotes itself
            raise_machine_fault(error)
            del header[tag]


def _is_directory(header: Dataset) -> bool:
    return header.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage


def _is_damaged(header: Dataset | None) -> bool:
    """Whether a header could not be read, or ends before it should; of what is no CT the beginning is enough."""
    if header is None or _is_directory(header):
        return header is None
    return "SOPClassUID" not in header or (header.SOPClassUID in CT_IMAGES and "PixelRepresentation" not in header)


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
