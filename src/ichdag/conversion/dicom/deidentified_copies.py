"""De-identified copies of a stack for dcm2niix: they hold pixels and geometry and nothing of the patient.

One file for each slice, numbered in the order of the positions, upright and evenly spaced, so that dcm2niix cannot
reorder, split, rescale or interpolate the stack because of a vendor's special elements. Values are written as stored
(all bits, unsigned, slope 1 and intercept 0). True positions, bits, sign and HU are taken from the original headers
later.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import CTImageStorage, ExplicitVRBigEndian, ExplicitVRLittleEndian, generate_uid

from ichdag.conversion.dicom.compressed_frames import refuse_damaged_frame
from ichdag.conversion.dicom.headers import Slice
from ichdag.conversion.dicom.read_limits import MAX_PIXEL_BYTES, ReadBudget
from ichdag.conversion.dicom.stacks import Stack
from ichdag.conversion.dicom.streams import open_limited
from ichdag.file_errors import raise_machine_fault
from ichdag.jobs import DataFault

PIXEL_KEYWORDS = ["NumberOfFrames", "Rows", "Columns", "BitsAllocated", "PixelData"]


def write_deidentified(stack: Stack, folder: Path) -> None:
    """Write one file for each slice of the stack. Raises DataFault if pixel data are missing, damaged or cut short."""
    order = sorted(enumerate(stack.slices), key=lambda item: (str(item[1].file), item[1].frame or 0))
    budget = ReadBudget(len(order))
    for file, group in groupby(order, key=lambda item: item[1].file):
        planes = list(group)
        try:
            with open_limited(file, budget=budget, max_pixel_bytes=MAX_PIXEL_BYTES) as stream:
                source = pydicom.dcmread(stream, specific_tags=PIXEL_KEYWORDS, force=True)
            frames = _stored_frames(source, [plane.frame or 0 for _, plane in planes])
        except DataFault:
            raise
        except Exception as error:  # damaged pixel data may raise any exception, and quote the header in it
            raise_machine_fault(error, file)
            reason = f"pixel data cannot be read: slice {planes[0][0] + 1}, {type(error).__name__}"
            raise DataFault("cohort", reason) from None
        for (index, plane), pixels in zip(planes, frames, strict=True):
            copy = _deidentified_header(plane, stack, index)
            default = ExplicitVRLittleEndian if source.original_encoding[1] else ExplicitVRBigEndian
            syntax = source.file_meta.get("TransferSyntaxUID", default)
            _set_pixel_data(copy, pixels, syntax)
            copy.save_as(folder / f"{index:06d}.dcm", enforce_file_format=True)


def _stored_frames(source: Dataset, indices: list[int]) -> Iterator[bytes]:
    """Return the stored bytes of the frames with these indices. Raises DataFault if they are not complete."""
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
        for index in indices:
            refuse_damaged_frame(frames[index], source, syntax)
    else:
        if len(pixels) < size * count:
            raise DataFault("cohort", "pixel data cut short: a file is not whole, copy the files again")
        frames = [pixels[size * index : size * (index + 1)] for index in range(count)]
    return iter([frames[index] for index in indices])


def _deidentified_header(plane: Slice, stack: Stack, index: int) -> Dataset:
    """Return the header of a copy: even, upright positions, and nothing of the patient."""
    copy = Dataset()
    copy.SOPClassUID = CTImageStorage
    copy.SOPInstanceUID = generate_uid(entropy_srcs=["slice", str(index)])
    copy.StudyInstanceUID = copy.SeriesInstanceUID = generate_uid(entropy_srcs=["series"])
    copy.Modality = "CT"
    copy.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    copy.PatientPosition = "HFS"
    copy.SeriesNumber = copy.AcquisitionNumber = 1
    copy.InstanceNumber = index + 1
    copy.Rows = int(plane.header.Rows)
    copy.Columns = int(plane.header.Columns)
    copy.BitsAllocated = copy.BitsStored = int(plane.header.BitsAllocated)
    copy.HighBit = copy.BitsStored - 1
    copy.SamplesPerPixel = 1
    copy.PhotometricInterpretation = "MONOCHROME2"
    copy.PixelRepresentation = 0
    copy.RescaleSlope = 1
    copy.RescaleIntercept = 0
    geometry = stack.known_geometry
    position = geometry.origin + index * geometry.step_mm * geometry.normal
    copy.ImagePositionPatient = [f"{value:.8g}" for value in position]
    copy.ImageOrientationPatient = [f"{value:.8g}" for value in (*geometry.row, *geometry.column)]
    copy.PixelSpacing = [f"{value:.8g}" for value in geometry.spacing_mm]
    copy.SliceThickness = f"{geometry.step_mm:.8g}"
    return copy


def _set_pixel_data(copy: Dataset, pixels: bytes, syntax: pydicom.uid.UID) -> None:
    copy.file_meta = FileMetaDataset()
    if syntax.is_compressed:
        copy.file_meta.TransferSyntaxUID = syntax
        copy.PixelData = encapsulate([pixels])
        copy["PixelData"].VR = "OB"
        copy["PixelData"].is_undefined_length = True
    else:
        is_big_endian = syntax == ExplicitVRBigEndian
        copy.file_meta.TransferSyntaxUID = ExplicitVRBigEndian if is_big_endian else ExplicitVRLittleEndian
        copy.PixelData = pixels + b"\0" * (len(pixels) % 2)
        copy["PixelData"].VR = "OB" if copy.BitsAllocated == 8 else "OW"
