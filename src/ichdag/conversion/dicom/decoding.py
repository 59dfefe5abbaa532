"""Decode pixels with dcm2niix, whose geometry must agree with the headers, and convert them to HU."""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation, ornt_transform
from pydicom.dataset import Dataset

from ichdag.conversion.dicom.deidentified_copies import write_deidentified
from ichdag.conversion.dicom.headers import get_number, get_numbers
from ichdag.conversion.dicom.stack_geometry import StackGeometry
from ichdag.conversion.dicom.stacks import Stack
from ichdag.file_errors import DamagedResult, MachineFault, check_free_space, read_to_end
from ichdag.images import Volume, read_scan
from ichdag.jobs import DataFault, StudyError

AIR_HU = -1024.0
TIMEOUT_S = 900
MACHINE_EXIT_CODES = (5, 6, 7, 9)  # of dcm2niix: a folder cannot be read or written, or a file cannot be renamed
MACHINE_MESSAGE = re.compile(
    rb"memory exhausted|(memory|buffer|json) alloc|malloc failed|disk full|unable to write|permission", re.I
)
# Defaults file ignored, no BIDS sidecar, no compression, slices merged, no cropping, values as stored.
OPTIONS = (
    *("-g", "i", "-b", "n", "-z", "n", "-m", "y", "-i", "n", "-x", "i", "-l", "o", "-p", "n"),
    *("-w", "1", "-f", "ct"),
)
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def decode_pixels(stack: Stack, folder: Path) -> np.ndarray:
    """Return the stored values of a stack as int32 (columns, rows, slices), slices in the order of their positions.

    Raises DataFault if dcm2niix cannot read the pixels or its volume differs from the headers, MachineFault if it was
    killed, does not end or has no room, StudyError if it is not installed.
    """
    copies = folder / "clean"
    out = folder / "out"
    copies.mkdir()
    out.mkdir()
    write_deidentified(stack, copies)
    status, is_machine_fault = _run_dcm2niix([_find_dcm2niix(), *OPTIONS, "-o", str(out), str(copies)])
    if status < 0 or status >= 128 or status in MACHINE_EXIT_CODES or is_machine_fault:
        raise MachineFault(f"dcm2niix was killed or has no room: status {status}")
    if status or not (out / "ct.nii").is_file():
        for file in copies.iterdir():
            read_to_end(file)
        check_free_space(out, sum(plane.header.Rows * plane.header.Columns * 4 for plane in stack.slices))
        raise DataFault(
            "cohort", f"pixel data cannot be read: dcm2niix status {status}, encoding {transfer_syntax_name(stack)}"
        )
    try:
        stored = _in_header_order(read_scan(out / "ct.nii"), stack)
    except DamagedResult:
        raise MachineFault("dcm2niix left a volume that is not whole: is the disk full?") from None
    return _apply_stored_bits(stored, stack)


def _run_dcm2niix(command: list[str]) -> tuple[int, bool]:
    """Return the exit status of dcm2niix, and whether its messages blame the machine. They may quote headers.

    Raises MachineFault after a quarter of an hour: the disk hangs, for these copies take seconds.
    """
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0
    ) as process:
        try:
            messages, _ = process.communicate(timeout=TIMEOUT_S)
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # the program that pip installs is the parent of the real one
            if isinstance(error, subprocess.TimeoutExpired):
                raise MachineFault(f"dcm2niix did not end within {TIMEOUT_S} s") from None
            raise
    return process.returncode, bool(MACHINE_MESSAGE.search(messages))


def to_hounsfield(stored: np.ndarray, stack: Stack) -> tuple[np.ndarray, int]:
    """Return HU, float32 (columns, rows, slices), and how many voxels were padding or below air and are set to air.

    Each slice has its own RescaleSlope and RescaleIntercept. ASSUME: a padding value that would mean -1000 to 3071 HU
    is a mistake of the header, and the voxels are tissue. Raises ValueError if a slice has no rescale: rule 9 leaves
    such stacks out.
    """
    values = np.empty(stored.shape, dtype=np.float32)
    changed = 0
    for index, plane in enumerate(stack.slices):
        slope = get_number(plane.header, "RescaleSlope")
        intercept = get_number(plane.header, "RescaleIntercept")
        if slope is None or intercept is None:
            raise ValueError("rescale slope or intercept missing")
        hu = stored[..., index] * np.float32(slope) + np.float32(intercept)
        outside = hu < AIR_HU
        padding = _padding_range(plane.header)
        if padding is not None and not -1000 <= padding[0] * slope + intercept <= 3071:
            outside |= (stored[..., index] >= padding[0]) & (stored[..., index] <= padding[1])
        hu[outside] = AIR_HU
        changed += int(np.count_nonzero(outside))
        values[..., index] = hu
    return values, changed


def stack_affine(geometry: StackGeometry, *, step_mm: float, origin: np.ndarray) -> np.ndarray:
    """Return the affine (4, 4) from voxel (column, row, slice) to RAS+ mm; `origin` is LPS, mm."""
    affine = np.eye(4)
    affine[:3, 0] = geometry.row * geometry.spacing_mm[1]
    affine[:3, 1] = geometry.column * geometry.spacing_mm[0]
    affine[:3, 2] = geometry.normal * step_mm
    affine[:3, 3] = origin
    return LPS_TO_RAS @ affine


def transfer_syntax_name(stack: Stack) -> str:
    """Return the name of the transfer syntax."""
    meta = getattr(stack.header, "file_meta", {})
    return meta["TransferSyntaxUID"].value.name if "TransferSyntaxUID" in meta else "Implicit VR Little Endian"


def _find_dcm2niix() -> str:
    program = shutil.which("dcm2niix") or shutil.which("dcm2niix", path=str(Path(sys.executable).parent))
    if program is None:
        raise StudyError("dcm2niix is not installed and a scan is DICOM: pip install dcm2niix, or conda-forge's")
    return program


def _in_header_order(scan: Volume, stack: Stack) -> np.ndarray:
    """Return the volume of dcm2niix as (columns, rows, slices). Raises DataFault if it differs from the headers."""
    geometry = stack.known_geometry
    header = stack.header
    expected = stack_affine(geometry, step_mm=geometry.step_mm, origin=geometry.origin)
    transform = ornt_transform(io_orientation(scan.affine), io_orientation(expected))
    values = apply_orientation(scan.values, transform)
    affine = scan.affine @ inv_ornt_aff(transform, scan.values.shape)
    shape = (int(header.Columns), int(header.Rows), len(stack.slices))
    if values.shape != shape:
        raise DataFault("cohort", f"dcm2niix lost slices: shape {values.shape}, the headers say {shape}")
    corners = np.array([[*corner, 1] for corner in np.ndindex(2, 2, 2)]) * [*(np.array(shape) - 1), 1]
    distance = np.linalg.norm((affine - expected) @ corners.T, axis=0).max()
    if distance > 0.1 * geometry.spacing_mm.min():
        raise DataFault("cohort", f"dcm2niix and the headers differ on the geometry: by {distance:.2f} mm")
    return values


def _apply_stored_bits(stored: np.ndarray, stack: Stack) -> np.ndarray:
    """Return the values of the bits that each slice stores (BitsStored), signed if its PixelRepresentation is 1.

    Slices differ in both. A compressed stream may have another sign than the header: its bits are the same.
    """
    values = stored.astype(np.int32)
    for index, plane in enumerate(stack.slices):
        bits = int(plane.header.BitsStored)
        values[..., index] &= (1 << bits) - 1
        if plane.header.get("PixelRepresentation"):
            values[..., index] -= (values[..., index] >> (bits - 1)) << bits
    return values


def _padding_range(header: Dataset) -> tuple[int, int] | None:
    """Return the lowest and highest stored value of padding, or None; their sign is that of the pixels."""
    ends = []
    for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit"):
        values = get_numbers(header, keyword, 1)
        if values is not None:
            bits = int(header.BitsAllocated)
            value = int(values[0]) & ((1 << bits) - 1)
            is_negative = header.get("PixelRepresentation") and value >= 1 << (bits - 1)
            ends.append(value - (1 << bits) if is_negative else value)
    return (min(ends), max(ends)) if ends else None
