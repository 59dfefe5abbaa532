"""dcm2niix reads the pixels; what it says of the geometry must agree with the headers."""

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

from ichdag.conversion.dicom.deidentified_copies import write_copies
from ichdag.conversion.dicom.headers import number, numbers
from ichdag.conversion.dicom.stack_geometry import Geometry
from ichdag.conversion.dicom.stacks import Stack
from ichdag.file_errors import DamagedResult, MachineFault, check_free_space, read_to_end
from ichdag.images import Volume, read_scan
from ichdag.jobs import DataFault, StudyError

AIR_HU = -1024.0
LONGEST_S = 900
OF_MACHINE = (5, 6, 7, 9)  # dcm2niix: a folder cannot be read or written, or a file not renamed
COMPLAINT = re.compile(
    rb"memory exhausted|(memory|buffer|json) alloc|malloc failed|disk full|unable to write|permission", re.I
)
# Defaults file ignored, no side file, no compression, one volume, no cropping, values as stored.
OPTIONS = (
    *("-g", "i", "-b", "n", "-z", "n", "-m", "y", "-i", "n", "-x", "i", "-l", "o", "-p", "n"),
    *("-w", "1", "-f", "ct"),
)
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def decode(stack: Stack, folder: Path) -> np.ndarray:
    """The stored values of a stack as int32 (columns, rows, slices), slices in the order of their positions.

    Raises DataFault if dcm2niix cannot read the pixels or its volume is not the headers' stack, MachineFault if it was
    killed, does not end or has no room, StudyError if it is not installed.
    """
    clean, out = folder / "clean", folder / "out"
    clean.mkdir()
    out.mkdir()
    write_copies(stack, clean)
    status, complains = _run([_program(), *OPTIONS, "-o", str(out), str(clean)])
    if status < 0 or status >= 128 or status in OF_MACHINE or complains:
        raise MachineFault(f"dcm2niix was killed or has no room: status {status}")
    if status or not (out / "ct.nii").is_file():
        for file in clean.iterdir():
            read_to_end(file)
        check_free_space(out, sum(plane.header.Rows * plane.header.Columns * 4 for plane in stack.slices))
        raise DataFault("cohort", f"pixel data cannot be read: dcm2niix status {status}, encoding {syntax_of(stack)}")
    try:
        stored = _in_header_order(read_scan(out / "ct.nii"), stack)
    except DamagedResult:
        raise MachineFault("dcm2niix left a volume that is not whole: is the disk full?") from None
    return _signed(stored, stack)


def _run(command: list[str]) -> tuple[int, bool]:
    """The exit status of dcm2niix, and whether it complains of the machine; its words may quote headers.

    Copies of ours that it cannot get through in a quarter of an hour lie on a disk that hangs.
    """
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0
    ) as process:
        try:
            words, _ = process.communicate(timeout=LONGEST_S)
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # the program that pip installs is the parent of the real one
            if isinstance(error, subprocess.TimeoutExpired):
                raise MachineFault(f"dcm2niix did not end within {LONGEST_S} s") from None
            raise
    return process.returncode, bool(COMPLAINT.search(words))


def hounsfield(stored: np.ndarray, stack: Stack) -> tuple[np.ndarray, int]:
    """HU as float32 by each slice's rescale, and how many voxels were padding or below air and are now air.

    ASSUME: a padding value that would mean -1000 to 3071 HU is a mistake of the header, and the voxels are tissue.
    """
    values = np.empty(stored.shape, dtype=np.float32)
    changed = 0
    for index, plane in enumerate(stack.slices):
        slope, intercept = number(plane.header, "RescaleSlope"), number(plane.header, "RescaleIntercept")
        hu = stored[..., index] * np.float32(slope) + np.float32(intercept)
        outside = hu < AIR_HU
        low, high = _padding(plane.header)
        if low is not None and not -1000 <= low * slope + intercept <= 3071:
            outside |= (stored[..., index] >= low) & (stored[..., index] <= high)
        hu[outside] = AIR_HU
        changed += int(np.count_nonzero(outside))
        values[..., index] = hu
    return values, changed


def affine_of(geometry: Geometry, *, step_mm: float, origin: np.ndarray) -> np.ndarray:
    """Voxel (column, row, slice) to RAS+ mm."""
    affine = np.eye(4)
    affine[:3, 0] = geometry.row * geometry.spacing_mm[1]
    affine[:3, 1] = geometry.column * geometry.spacing_mm[0]
    affine[:3, 2] = geometry.normal * step_mm
    affine[:3, 3] = origin
    return LPS_TO_RAS @ affine


def syntax_of(stack: Stack) -> str:
    """Name of the transfer syntax."""
    meta = getattr(stack.header, "file_meta", {})
    return meta["TransferSyntaxUID"].value.name if "TransferSyntaxUID" in meta else "Implicit VR Little Endian"


def _program() -> str:
    found = shutil.which("dcm2niix") or shutil.which("dcm2niix", path=str(Path(sys.executable).parent))
    if found is None:
        raise StudyError("dcm2niix is not installed and a scan is DICOM: pip install dcm2niix, or conda-forge's")
    return found


def _in_header_order(scan: Volume, stack: Stack) -> np.ndarray:
    """dcm2niix's volume turned to (columns, rows, slices), if it is the headers' stack."""
    geometry, header = stack.geometry, stack.header
    wanted = affine_of(geometry, step_mm=geometry.step_mm, origin=geometry.origin)
    turn = ornt_transform(io_orientation(scan.affine), io_orientation(wanted))
    values = apply_orientation(scan.values, turn)
    found = scan.affine @ inv_ornt_aff(turn, scan.values.shape)
    shape = (int(header.Columns), int(header.Rows), len(stack.slices))
    if values.shape != shape:
        raise DataFault("cohort", f"dcm2niix lost slices: shape {values.shape}, the headers say {shape}")
    corners = np.array([[*corner, 1] for corner in np.ndindex(2, 2, 2)]) * [*(np.array(shape) - 1), 1]
    away = np.linalg.norm((found - wanted) @ corners.T, axis=0).max()
    if away > 0.1 * geometry.spacing_mm.min():
        raise DataFault("cohort", f"dcm2niix and the headers differ on the geometry: by {away:.2f} mm")
    return values


def _signed(stored: np.ndarray, stack: Stack) -> np.ndarray:
    """The bits each slice says it stores (slices differ in that), as two's complement where it says so.

    A compressed stream may say another sign than the header; it then holds the same bits.
    """
    values = stored.astype(np.int32)
    for index, plane in enumerate(stack.slices):
        bits = int(plane.header.BitsStored)
        values[..., index] &= (1 << bits) - 1
        if plane.header.get("PixelRepresentation"):
            values[..., index] -= (values[..., index] >> (bits - 1)) << bits
    return values


def _padding(header) -> tuple[float | None, float | None]:
    """Stored values that stand for no value, from and to; their sign as in the pixels, whatever the tag's own type."""
    ends = []
    for name in ("PixelPaddingValue", "PixelPaddingRangeLimit"):
        found = numbers(header, name, 1)
        if found is not None:
            bits = int(header.BitsAllocated)
            value = int(found[0]) & ((1 << bits) - 1)
            signed = header.get("PixelRepresentation") and value >= 1 << (bits - 1)
            ends.append(value - (1 << bits) if signed else value)
    return (min(ends), max(ends)) if ends else (None, None)
