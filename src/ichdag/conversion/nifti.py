"""Originals in NIfTI or NRRD, as hospitals and other programs write them, checked and read into HU and RAS.

Rules of geometry, in order. A file needs a qform or a sform. If both are given and differ in voxel size by 1 % or in
the direction of an axis by a degree, the file is refused; if they differ by less, or in position only, the sform is
used, and the record says so. If the voxel axes are not perpendicular because of a gantry tilt, the slices are sheared
back (`affines.shear_upright`). Lengths are in the unit that the header names.

A header may be wrong: its size and position are checked before the voxels are read, and voxels are read slice by slice.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from ichdag.conversion.affines import axes_difference_mm, axis_cosines, refuse_conflicting_axes, shear_upright
from ichdag.conversion.hu_range import refuse_impossible_hu
from ichdag.conversion.nrrd import read_nrrd
from ichdag.conversion.size_limits import refuse_plane, refuse_size
from ichdag.file_errors import raise_machine_fault
from ichdag.images import Volume, corner_offsets_mm, open_nifti, voxel_offset
from ichdag.jobs import DataFault
from ichdag.number_format import format_plain

AIR_HU = -1024
MAX_VOXEL_OFFSET = 2**26  # bytes before the first voxel
EDGES_MM = (0.05, 20.0)  # ASSUME: no CT has smaller or larger voxels
UNITS_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}  # by NIfTI's code: unknown, meter, millimeter, micron
# Parts of the messages of nibabel and gzip about damaged content, and what they mean.
ERROR_MEANINGS = {
    "w2 should be positive": "its qform gives no direction (quatern_b, quatern_c and quatern_d are too large)",
    "not enough data": "it is shorter than its header says",
    "Expected": "it is shorter than its header says",
    "end-of-stream": "it is packed and was cut short",
    "CRC check": "CRC check failed, it is packed and damaged",
    "Incorrect length": "it is packed and damaged, its length is wrong",
    "while decompressing": "it is packed and damaged",
    "not recognized": "its datatype is none of NIfTI",
    "not supported": "its datatype is none that is read",
}
NIBABEL_ERRORS = (nibabel.filebasedimages.ImageFileError, nibabel.spatialimages.HeaderDataError)
UNKNOWN_DAMAGE = "it is damaged or something else"

Reader = Callable[[Any, tuple[int, int, int]], np.ndarray]


def read_nifti_scan(path: str | Path) -> tuple[Volume, dict[str, Any]]:
    """Read a NIfTI scan as HU float32 (i, j, k), slope and intercept applied, nearest to RAS, with facts on its header.

    The facts are affine (sform or qform), qform_differs_mm and axes_differ_mm (mm), tilt_degrees, where they apply.
    Raises DataFault (stage cohort) if its content cannot be read, is not one 3D volume of values that a CT can have, or
    its geometry is missing or contradicts itself; OSError if the machine cannot read the file.
    """
    volume, facts = _read_nifti(path, "the scan", read=_scan_voxels)
    refuse_impossible_hu(volume.values)  # before the shear, which takes as much memory again
    return shear_upright(volume, outside=AIR_HU, order=1, notes=facts), facts


def read_original_mask(path: str | Path) -> Volume:
    """Read a NIfTI or NRRD mask as bool (i, j, k), nearest to RAS: 0 is background, the one other value is lesion.

    It may have one slice only. Raises as `read_nifti_scan` does, and DataFault if it holds more than two values, or no
    background.
    """
    if str(path).lower().endswith((".nrrd", ".nhdr")):
        import SimpleITK as sitk

        image, affine = read_nrrd(Path(path))
        volume = _to_canonical(sitk.GetArrayViewFromImage(image).T, affine, "the mask", read=_mask_voxels)
    else:
        volume = _read_nifti(path, "the mask", read=_mask_voxels)[0]
    return shear_upright(volume, outside=0, order=0, notes={})


def _read_nifti(path: str | Path, what: str, *, read: Reader) -> tuple[Volume, dict[str, Any]]:
    """Return the voxels with the affine that is used, and notes on the geometry of the header."""
    try:
        with open_nifti(path) as image:
            unit_mm, notes = _geometry_notes(image, what)
            _refuse_datatype(image, what)
            affine = np.diag([unit_mm, unit_mm, unit_mm, 1.0]) @ image.affine
            return _to_canonical(image.dataobj, affine, what, read=read), notes
    except DataFault:
        raise
    except Exception as error:  # on damaged content nibabel and gzip may raise any exception
        raise_machine_fault(error, path)
        raise DataFault("cohort", f"{what} cannot be read as NIfTI: {_explain_error(error, path)}") from error


def _geometry_notes(image: nibabel.Nifti1Image, what: str) -> tuple[float, dict[str, Any]]:
    """Return the length of its unit in mm, and notes on its geometry. Raises DataFault if that is missing or wrong."""
    header = image.header
    header_in_file = image.extra["header"]  # nibabel makes 1 of a pixdim of 0
    qform_code = int(header["qform_code"])
    sform_code = int(header["sform_code"])
    notes: dict[str, Any] = {"affine": "sform" if sform_code else "qform"}
    if qform_code == 0 and sform_code == 0:
        raise DataFault("cohort", f"{what} has neither sform nor qform: where its voxels lie is not known")
    edges = header_in_file["pixdim"][1:4].astype(float)
    if qform_code and not (np.isfinite(edges).all() and edges.all()):
        pixdim = " x ".join(f"{format_plain(edge)}" for edge in edges)
        raise DataFault("cohort", f"{what} does not say how large its voxels are: pixdim {pixdim}, mend its header")
    unit = int(header_in_file["xyzt_units"]) & 7
    if unit not in UNITS_MM:
        raise DataFault("cohort", f"{what} gives lengths in a unit that there is not: xyzt_units {unit}, 2 is mm")
    if qform_code and sform_code:
        to_mm = np.diag([*[UNITS_MM[unit]] * 3, 1])
        shape = header.get_data_shape()
        notes |= _compare_affines(to_mm @ header.get_qform(), to_mm @ header.get_sform(), shape, what)
    return UNITS_MM[unit], notes


def _refuse_datatype(image: nibabel.Nifti1Image, what: str) -> None:
    """Raise DataFault if voxels are not plain numbers, have an infinite scale, or begin far behind the header."""
    kind = image.get_data_dtype()
    header = image.extra["header"]
    if kind.fields:
        raise DataFault("cohort", f"{what} holds colors ({kind}), not HU: give the scan itself")
    if kind.kind == "c":
        raise DataFault("cohort", f"{what} holds complex numbers ({kind}), not HU: give the scan itself")
    if int(header["bitpix"]) not in (0, 8 * kind.itemsize):
        bits = f"{kind} of {8 * kind.itemsize} bits by its datatype, {int(header['bitpix'])} by bitpix"
        raise DataFault("cohort", f"{what} contradicts itself on what its voxels are: {bits}, mend its header")
    if np.isinf([header["scl_slope"], header["scl_inter"]]).any():
        raise DataFault("cohort", f"{what}: its slope or intercept is infinite, mend its header")
    if not image.header.single_vox_offset <= voxel_offset(image) <= MAX_VOXEL_OFFSET:
        raise DataFault("cohort", f"{what}: its voxels begin at byte {voxel_offset(image)}, mend its header")


def _explain_error(error: Exception, path: str | Path) -> str:
    """Return what an error means, in plain words where they are known, and without the name of the file.

    The name of an original may hold that of a patient.
    """
    message = str(error)
    for part, words in ERROR_MEANINGS.items():
        if part in message:
            return words
    names = "|".join(re.escape(name) for name in (str(path), Path(path).name))
    is_named = re.search(rf"(?<!\w)({names})(?!\w)", message, re.I)
    return message if message and isinstance(error, NIBABEL_ERRORS) and not is_named else UNKNOWN_DAMAGE


def _compare_affines(qform: np.ndarray, sform: np.ndarray, shape: tuple[int, ...], what: str) -> dict[str, Any]:
    """Return notes on the largest distance between the positions that the two affines of a header give a voxel.

    `qform_differs_mm` is this distance (from 0.1 mm on); `axes_differ_mm` is the part of it that comes from voxel sizes
    and directions, 0 where that is below a tenth of a voxel: for position alone, the sform counts. Raises DataFault if
    their voxel sizes differ by 1 %, or one is mirrored or turned against the other.
    """
    sizes = [np.abs(np.linalg.det(affine[:3, :3])) ** (1 / 3) for affine in (qform, sform)]
    edges = [np.linalg.norm(affine[:3, :3], axis=0) for affine in (qform, sform)]
    tilted = np.abs(axis_cosines(sform)).max() > 1e-3  # only a sform holds a tilt, which makes its slice axis longer
    if not np.allclose(edges[0], edges[1], rtol=0.01) and not (tilted and np.isclose(sizes[0], sizes[1], rtol=0.01)):
        both = " and ".join(str(edge.round(3).tolist()) for edge in edges)
        raise DataFault("cohort", f"{what}: qform and sform disagree on the voxel size, {both} mm: mend its header")
    refuse_conflicting_axes(qform, sform, what)
    distance = float(np.linalg.norm(corner_offsets_mm(qform, sform, shape), axis=1).max())
    notes = {"qform_differs_mm": round(distance, 2)} if distance > 0.1 else {}
    return notes | {"axes_differ_mm": round(axes_difference_mm(qform, sform, shape), 2)}


def _to_canonical(voxels: Any, affine: np.ndarray, what: str, *, read: Reader) -> Volume:
    """Return one 3D volume in the orientation nearest to RAS. Raises DataFault saying what it is, if not that."""
    shape = tuple(int(size) for size in voxels.shape)
    thinnest = 1 if read is _mask_voxels else 2
    if thinnest == 1 and len(shape) == 2:
        shape = (*shape, 1)
    if len(shape) < 3 or min(shape[:3]) < thinnest or np.prod(shape[3:], dtype=float) != 1:
        cure = "; it holds several volumes: give one" if len(shape) > 3 else ""
        raise DataFault("cohort", f"{what} is not a 3D volume: shape {shape}{cure}")
    refuse_size(shape, what)
    refuse_plane(shape, what)
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3] / np.maximum(edges, 1e-9))) < 0.1:
        raise DataFault("cohort", f"{what}: its affine gives voxels no volume: mend its header")
    if edges.min() < EDGES_MM[0] or edges.max() > EDGES_MM[1]:
        sizes = " x ".join(f"{format_plain(edge, 3)}" for edge in edges)
        raise DataFault("cohort", f"{what}: its voxels are {sizes} mm, which no CT has: mend its header")
    values = read(voxels, (shape[0], shape[1], shape[2]))
    orientation = nibabel.io_orientation(affine)
    canonical_affine = affine @ nibabel.orientations.inv_ornt_aff(orientation, shape[:3])
    return Volume(nibabel.orientations.apply_orientation(values, orientation), canonical_affine)


def _planes(voxels: Any, count: int) -> Iterator[np.ndarray]:
    """Yield slice by slice, each (i, j), so that no more than one is held in memory beside the volume."""
    if len(voxels.shape) == 2:
        yield np.asarray(voxels)
        return
    rest = (0,) * (len(voxels.shape) - 3)
    for index in range(count):
        yield np.asarray(voxels[(slice(None), slice(None), index, *rest)])


def _scan_voxels(voxels: Any, shape: tuple[int, int, int]) -> np.ndarray:
    """Return the voxels as float32 (i, j, k)."""
    values = np.empty(shape, dtype=np.float32, order="F")
    with np.errstate(over="ignore"):  # too large values become infinite, which is refused later
        for index, plane in enumerate(_planes(voxels, shape[2])):
            values[..., index] = plane
    return values


def _mask_voxels(voxels: Any, shape: tuple[int, int, int]) -> np.ndarray:
    """Return the voxels as bool (i, j, k). Raises DataFault if they are not background (0) and one other value."""
    values = np.empty(shape, dtype=bool, order="F")
    distinct: set[float] = set()
    for index, plane in enumerate(_planes(voxels, shape[2])):
        low = plane.min()
        high = plane.max()
        between = plane[(plane != low) & (plane != high)]
        distinct |= {float(value) for value in (low, *between[:1], high)}
        if not np.isfinite(list(distinct)).all():
            raise DataFault("cohort", "the mask is none: it holds values that are NaN or infinite")
        if len(distinct) > 2:
            first = [round(value, 3) for value in sorted(distinct)][:4]
            raise DataFault("cohort", f"the mask is none: it holds more than two values, {first} first")
        values[..., index] = plane != 0  # 255 in a type that ends at 127 is -1
    if len(distinct) == 2 and 0 not in distinct:
        only = " and ".join(f"{format_plain(value)}" for value in sorted(distinct))
        raise DataFault("cohort", f"the mask has no background: it holds {only}, and 0 nowhere; make it 0 and 1")
    return values
