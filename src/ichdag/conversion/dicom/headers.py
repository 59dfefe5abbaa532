"""Headers of DICOM files, without pixels; an Enhanced multi-frame file is read as one flat header for each frame.

Files are DICOM by their first bytes, with the preamble or without, whatever their names are. Only the elements below
are ever parsed. PatientID is used to detect files of several patients, and is dropped here; SeriesDescription is kept
for the rules and never shown.
"""

import logging
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

from ichdag.conversion.dicom.read_limits import ReadBudget
from ichdag.conversion.dicom.streams import detect_dicom_file, open_limited
from ichdag.conversion.dicom.unreadable_files import count_unreadable
from ichdag.file_errors import raise_machine_fault
from ichdag.jobs import DataFault

KEYWORDS = [
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
FUNCTIONAL_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")


@dataclass(frozen=True)
class Slice:
    """One image plane: its file, its frame in it (None in a single-frame file), its flat header, its geometry.

    `position` (3,), mm LPS, is ImagePositionPatient; `orientation` (6,) is ImageOrientationPatient; `spacing` (2,), mm,
    is PixelSpacing; each is None if missing.
    """

    file: Path = field(repr=False)
    frame: int | None
    header: Dataset = field(repr=False)
    position: np.ndarray | None
    orientation: np.ndarray | None
    spacing: np.ndarray | None


@contextmanager
def silence_pydicom() -> Iterator[None]:
    """Silence the warnings of pydicom within the block: they quote header values, names of patients among them."""
    logger = logging.getLogger("pydicom")
    before = logger.disabled
    logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled = before


def read_headers(files: list[Path]) -> tuple[list[Slice], Counter[str]]:
    """Read every DICOM file of one patient: its slices, and how many files were dicom, copies, or other.

    Raises DataFault if none is DICOM, one is damaged, headers are larger than those of a scan, or the files belong to
    several patients; OSError if one cannot be read.
    """
    counts: Counter[str] = Counter()
    kinds = {file: detect_dicom_file(file) for file in files}
    budget = ReadBudget(len(files))
    headers = [(file, _read_header(file, budget)) for file in files if kinds[file]]
    headers = [(file, header) for file, header in headers if _is_dataset(header, kinds[file])]
    slices = {file for file, header in headers if header is None or not _is_directory(header)}
    damaged = Counter({"headers not whole": sum(_is_damaged(header) for _, header in headers)})
    damaged += count_unreadable(slices, [file for file in files if not kinds[file]])
    if damaged:
        raise DataFault("cohort", _damage_reason(damaged, len(files)))
    images: dict[tuple[str, ...], tuple[Path, Dataset]] = {}
    patients = set()
    for file, header in headers:
        if header is None or _is_directory(header):
            continue
        counts["dicom"] += 1
        key = _image_key(file, header)
        counts["copies"] += key in images
        images.setdefault(key, (file, header))
        patients.add(str(header.get("PatientID") or "").strip())
        header.pop("PatientID", None)
    counts["other"] = len(files) - counts["dicom"]
    if not images:
        raise DataFault("cohort", f"no DICOM image among {len(files)} files")
    if len(patients - {""}) > 1:
        raise DataFault("cohort", f"several patients: {len(patients - {''})} of them, give one folder for each scan")
    return [plane for file, header in images.values() for plane in _slices_of(file, header)], counts


def _damage_reason(damaged: Counter[str], count: int) -> str:
    """Return the reason for files that cannot be read."""
    kinds = ", ".join(f"{files} {kind}" for kind, files in damaged.items())
    return f"damaged DICOM: {damaged.total()} of {count} files cannot be read ({kinds}), copy them again"


def get_numbers(header: Dataset, keyword: str, count: int) -> np.ndarray | None:
    """Return the `count` finite numbers of an element, or None if it has other values."""
    try:
        values = np.atleast_1d(np.asarray(header.get(keyword), dtype=float))
    except (TypeError, ValueError):
        return None
    return values if values.shape == (count,) and np.isfinite(values).all() else None


def get_number(header: Dataset, keyword: str) -> float | None:
    """Return the number of an element, or None if it is missing or not one finite number."""
    values = get_numbers(header, keyword, 1)
    return None if values is None else float(values[0])


def get_text(header: Dataset, keyword: str) -> str:
    """Return the first value of an element as text; "" if it is missing."""
    value = header.get(keyword)
    if isinstance(value, (list, pydicom.multival.MultiValue)):
        value = value[0] if value else None
    return "" if value is None else str(value).strip()


def _read_header(file: Path, budget: ReadBudget) -> Dataset | None:
    try:
        with open_limited(file, budget=budget) as stream:
            header = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=KEYWORDS, force=True)
    except DataFault:
        raise
    except Exception as error:  # a damaged header may raise any exception
        raise_machine_fault(error, file)
        return None
    if "SOPClassUID" not in header and "MediaStorageSOPClassUID" in header.file_meta:
        header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID
    _drop_unreadable(header)
    return header


def _is_dataset(header: Dataset | None, kind: str) -> bool:
    """Return whether a file that begins as DICOM is DICOM, complete or damaged, and not something else.

    A readable file without SOPClassUID and without Rows is not an image.
    """
    if header is None or "SOPClassUID" in header:
        return True
    readable = len(header) and "TransferSyntaxUID" in header.file_meta
    return kind == "preamble" and not (readable and "Rows" not in header)


def _image_key(file: Path, header: Dataset) -> tuple[str, ...]:
    """Return what copies of an image share: its UID, and its position, for some programs repeat UIDs."""
    uid = get_text(header, "SOPInstanceUID")
    keywords = ("SeriesInstanceUID", "SeriesNumber", "AcquisitionNumber", "ConvolutionKernel", "ImagePositionPatient")
    return (uid, *(str(header.get(keyword)) for keyword in keywords)) if uid else (str(file),)


def _drop_unreadable(header: Dataset) -> None:
    """Parse every value now, and drop those that do not fit their VR: they then count as missing."""
    for tag in list(header.keys()):
        try:
            for item in header[tag].value if header[tag].VR == "SQ" else ():
                _drop_unreadable(item)
        except Exception as error:  # a wrong value may raise any exception, and is quoted in it
            raise_machine_fault(error)
            del header[tag]


def _is_directory(header: Dataset) -> bool:
    return header.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage


def _is_damaged(header: Dataset | None) -> bool:
    """Return whether a header could not be read, or, of a CT image, ends too early."""
    if header is None or _is_directory(header):
        return header is None
    return "SOPClassUID" not in header or (header.SOPClassUID in CT_IMAGES and "PixelRepresentation" not in header)


def _slices_of(file: Path, header: Dataset) -> Iterator[Slice]:
    frames = header.get("PerFrameFunctionalGroupsSequence")
    if not frames:
        yield _slice(file, None, header)
        return
    shared = header.get("SharedFunctionalGroupsSequence") or [Dataset()]
    top = Dataset()
    top.update({element.tag: element for element in header if element.keyword not in FUNCTIONAL_GROUPS})
    for index, own in enumerate(frames):
        flat = Dataset()
        flat.update(top)
        for group in (*shared[0], *own):
            if group.VR == "SQ" and group.value:
                flat.update(group.value[0])
        flat.file_meta = header.file_meta
        yield _slice(file, index, flat)


def _slice(file: Path, frame: int | None, header: Dataset) -> Slice:
    return Slice(
        file,
        frame,
        header,
        position=get_numbers(header, "ImagePositionPatient", 3),
        orientation=get_numbers(header, "ImageOrientationPatient", 6),
        spacing=get_numbers(header, "PixelSpacing", 2),
    )
