"""Whether two files are one image that was sent twice."""

from pathlib import Path
from typing import Any

import pydicom

from ichdag.conversion.dicom.headers import Slice
from ichdag.conversion.dicom.read_limits import LARGEST_PIXELS, Budget
from ichdag.conversion.dicom.streams import bounded
from ichdag.file_errors import raise_machine_fault

SHOWN = ("PixelData", "RescaleSlope", "RescaleIntercept", "BitsStored", "PixelRepresentation", "Rows", "Columns")


def same_image(one: Slice, other: Slice) -> bool:
    """Whether two slices of two files have the same pixels, stored alike. Frames within a file are not looked at."""
    if one.frame is not None or other.frame is not None:
        return False
    first, second = _shown(one.file), _shown(other.file)
    return first is not None and first == second


def _shown(file: Path) -> tuple[Any, ...] | None:
    """What makes the image that a file shows; None if it cannot be read."""
    try:
        with bounded(file, budget=Budget(1), pixels=LARGEST_PIXELS) as stream:
            source = pydicom.dcmread(stream, specific_tags=list(SHOWN), force=True)
        return tuple(source.get(name) for name in SHOWN) if "PixelData" in source else None
    except Exception as error:  # damaged pixel data may raise anything
        raise_machine_fault(error, file)
        return None
