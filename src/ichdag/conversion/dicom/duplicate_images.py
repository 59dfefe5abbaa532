"""Detect images that were sent twice."""

from pathlib import Path
from typing import Any

import pydicom

from ichdag.conversion.dicom.headers import Slice
from ichdag.conversion.dicom.read_limits import MAX_PIXEL_BYTES, ReadBudget
from ichdag.conversion.dicom.streams import open_limited
from ichdag.file_errors import raise_machine_fault

PIXEL_KEYWORDS = (
    "PixelData",
    "RescaleSlope",
    "RescaleIntercept",
    "BitsStored",
    "PixelRepresentation",
    "Rows",
    "Columns",
)


def has_same_pixels(first: Slice, second: Slice) -> bool:
    """Return whether two slices of two files have the same stored pixels; False for frames of multi-frame files."""
    if first.frame is not None or second.frame is not None:
        return False
    first_values = _pixel_values(first.file)
    second_values = _pixel_values(second.file)
    return first_values is not None and first_values == second_values


def _pixel_values(file: Path) -> tuple[Any, ...] | None:
    """Return the values that make the image of a file; None if it cannot be read."""
    try:
        with open_limited(file, budget=ReadBudget(1), max_pixel_bytes=MAX_PIXEL_BYTES) as stream:
            source = pydicom.dcmread(stream, specific_tags=list(PIXEL_KEYWORDS), force=True)
        return tuple(source.get(name) for name in PIXEL_KEYWORDS) if "PixelData" in source else None
    except Exception as error:  # damaged pixel data may raise any exception
        raise_machine_fault(error, file)
        return None
