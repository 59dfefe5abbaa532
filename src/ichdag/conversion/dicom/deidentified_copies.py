"""Clean copies: what dcm2niix is handed holds pixels and geometry and nothing of the patient.

One file a slice, numbered in the order of the positions, upright and evenly spaced, so that no vendor's quirk can
reorder, split, rescale or interpolate the stack. Values are written as they are stored (all bits, unsigned, rescale
1 and 0). True places, bits, sign and HU are taken from the headers after.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import CTImageStorage, ExplicitVRBigEndian, ExplicitVRLittleEndian, generate_uid

from ichdag.conversion.dicom.compressed_frames import refuse_damaged
from ichdag.conversion.dicom.headers import Slice
from ichdag.conversion.dicom.read_limits import LARGEST_PIXELS, Budget
from ichdag.conversion.dicom.stacks import Stack
from ichdag.conversion.dicom.streams import bounded
from ichdag.file_errors import raise_machine_fault
from ichdag.jobs import DataFault

PIXELS = ["NumberOfFrames", "Rows", "Columns", "BitsAllocated", "PixelData"]


def write_copies(stack: Stack, folder: Path) -> None:
    """Write one clean file a slice of the stack. Raises DataFault where pixel data are missing or cut short."""
    order = sorted(enumerate(stack.slices), key=lambda item: (str(item[1].file), item[1].frame or 0))
    budget = Budget(len(order))
    for file, group in groupby(order, key=lambda item: item[1].file):
        planes = list(group)
        try:
            with bounded(file, budget=budget, pixels=LARGEST_PIXELS) as stream:
                source = pydicom.dcmread(stream, specific_tags=PIXELS, force=True)
            frames = _frames(source, [plane.frame or 0 for _, plane in planes])
        except DataFault:
            raise
        except Exception as error:  # damaged pixel data may raise anything, and quote the header in it
            raise_machine_fault(error, file)
            reason = f"pixel data cannot be read: slice {planes[0][0] + 1}, {type(error).__name__}"
            raise DataFault("cohort", reason) from None
        for (index, plane), pixels in zip(planes, frames, strict=True):
            copy = _copy(plane, stack, index)
            bare = ExplicitVRLittleEndian if source.original_encoding[1] else ExplicitVRBigEndian
            syntax = source.file_meta.get("TransferSyntaxUID", bare)
            _put_pixels(copy, pixels, syntax)
            copy.save_as(folder / f"{index:06d}.dcm", enforce_file_format=True)


def _frames(source: Dataset, wanted: list[int]) -> Iterator[bytes]:
    """The stored bytes of the wanted frames. Raises DataFault where they are not whole."""
    count = int(source.get("NumberOfFrames") or 1)
    size = source.Rows * source.Columns * source.BitsAllocated // 8
    pixels = source.get("PixelData") or b""
    syntax = source.file_meta.get("TransferSyntaxUID", ExplicitVRLittleEndian)
    if not syntax.is_transfer_syntax:
        raise DataFault("cohort", "pixel data cannot be read: the transfer syntax is none of DICOM's")
    if syntax.is_compressed:
        if not pixels.rstrip(b"\0").endswith(b"\xfe\xff\xdd\xe0") and not source["PixelData"].is_undefined_length:
            raise DataFault("cohort", "pixel data cut short: a compressed file has no end, copy the files again")
        frames = list(generate_frames(pixels, number_of_frames=count))
        if len(frames) != count:
            raise DataFault("cohort", f"pixel data cut short: {len(frames)} images of {count}, copy the files again")
        for index in wanted:
            refuse_damaged(frames[index], source, syntax)
    else:
        if len(pixels) < size * count:
            raise DataFault("cohort", "pixel data cut short: a file is not whole, copy the files again")
        frames = [pixels[size * index : size * (index + 1)] for index in range(count)]
    return iter([frames[index] for index in wanted])


def _copy(plane: Slice, stack: Stack, index: int) -> Dataset:
    copy = Dataset()
    copy.SOPClassUID = CTImageStorage
    copy.SOPInstanceUID = generate_uid(entropy_srcs=["slice", str(index)])
    copy.StudyInstanceUID = copy.SeriesInstanceUID = generate_uid(entropy_srcs=["series"])
    copy.Modality, copy.ImageType, copy.PatientPosition = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"], "HFS"
    copy.SeriesNumber, copy.AcquisitionNumber, copy.InstanceNumber = 1, 1, index + 1
    copy.Rows, copy.Columns = int(plane.header.Rows), int(plane.header.Columns)
    copy.BitsAllocated = copy.BitsStored = int(plane.header.BitsAllocated)
    copy.HighBit = copy.BitsStored - 1
    copy.SamplesPerPixel, copy.PhotometricInterpretation, copy.PixelRepresentation = 1, "MONOCHROME2", 0
    copy.RescaleSlope, copy.RescaleIntercept = 1, 0
    geometry = stack.geometry
    place = geometry.origin + index * geometry.step_mm * geometry.normal
    copy.ImagePositionPatient = [f"{value:.8g}" for value in place]
    copy.ImageOrientationPatient = [f"{value:.8g}" for value in (*geometry.row, *geometry.column)]
    copy.PixelSpacing = [f"{value:.8g}" for value in geometry.spacing_mm]
    copy.SliceThickness = f"{geometry.step_mm:.8g}"
    return copy


def _put_pixels(copy: Dataset, pixels: bytes, syntax: pydicom.uid.UID) -> None:
    copy.file_meta = FileMetaDataset()
    if syntax.is_compressed:
        copy.file_meta.TransferSyntaxUID = syntax
        copy.PixelData = encapsulate([pixels])
        copy["PixelData"].VR, copy["PixelData"].is_undefined_length = "OB", True
    else:
        big = syntax == ExplicitVRBigEndian
        copy.file_meta.TransferSyntaxUID = ExplicitVRBigEndian if big else ExplicitVRLittleEndian
        copy.PixelData = pixels + b"\0" * (len(pixels) % 2)
        copy["PixelData"].VR = "OB" if copy.BitsAllocated == 8 else "OW"
