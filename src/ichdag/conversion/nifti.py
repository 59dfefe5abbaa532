"""Originals in NIfTI or NRRD, as hospitals and other programs write them: read once, with suspicion, into HU and RAS.

Rules of geometry, in order: a file needs qform or sform; where both are given and disagree in voxel size by 1 % or in
the direction of an axis by a degree, the file is refused, where they disagree in less, or in position only, the sform
counts (and the record says so); voxel axes that are not perpendicular because the slices are tilted against them are
straightened (`affines.straightened`). Lengths are in the unit that the header names.

A header only claims: what it says of size and place is looked at before anything large is read, and voxels are read
slice by slice.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from ichdag.conversion.affines import (
    axes_apart_mm,
    cosines,
    refuse_other_axes,
    refuse_plane,
    refuse_size,
    straightened,
)
from ichdag.conversion.hu_range import refuse_other_values
from ichdag.conversion.nrrd import read_nrrd
from ichdag.file_errors import raise_machine_fault
from ichdag.images import Volume, corner_offsets_mm, open_nifti
from ichdag.jobs import DataFault
from ichdag.number_format import format_plain

AIR_HU = -1024
LARGEST_OFFSET = 2**26  # bytes before the first voxel
EDGES_MM = (0.05, 20.0)  # ASSUME: no CT has smaller or larger voxels
UNITS_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}  # not said, meter, millimeter, micron: NIfTI's code, its length
# What nibabel and gzip say of content that is damaged, and what that means.
WORDS = {
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
TOLD = (nibabel.filebasedimages.ImageFileError, nibabel.spatialimages.HeaderDataError)  # whose words say more
UNKNOWN = "it is damaged or something else"

Reader = Callable[[Any, tuple[int, int, int]], np.ndarray]


def read_nifti_scan(path: str | Path) -> tuple[Volume, dict[str, Any]]:
    """Read a NIfTI scan as HU float32 (slope and intercept applied), nearest to RAS, and what was noted on the way.

    Raises DataFault (stage cohort) if its content cannot be read, is not one 3D volume of values that a CT can have, or
    its geometry is missing or contradicts itself; OSError if the machine cannot read the file.
    """
    volume, facts = _read_nifti(path, "the scan", read=_scan_voxels)
    refuse_other_values(volume.values)  # before a tilt is sheared straight, which takes as much memory again
    return straightened(volume, outside=AIR_HU, order=1, notes=facts), facts


def read_original_mask(path: str | Path) -> Volume:
    """Read a NIfTI or NRRD mask as bool, nearest to RAS: 0 is background, the one other value is lesion.

    It may be of one slice. Raises as `read_nifti_scan` does, DataFault also where it holds more than two values, or no
    background.
    """
    if str(path).lower().endswith((".nrrd", ".nhdr")):
        import SimpleITK as sitk

        image, affine = read_nrrd(Path(path))
        volume = _canonical(sitk.GetArrayViewFromImage(image).T, affine, "the mask", read=_mask_voxels)
    else:
        volume = _read_nifti(path, "the mask", read=_mask_voxels)[0]
    return straightened(volume, outside=0, order=0, notes={})


def _read_nifti(path: str | Path, what: str, *, read: Reader) -> tuple[Volume, dict[str, Any]]:
    """The voxels with the affine that counts, and notes on its geometry."""
    try:
        with open_nifti(path) as image:
            unit_mm, notes = _noted(image, what)
            _refuse_kind(image, what)
            affine = np.diag([unit_mm, unit_mm, unit_mm, 1.0]) @ image.affine
            return _canonical(image.dataobj, affine, what, read=read), notes
    except DataFault:
        raise
    except Exception as error:  # at damaged content nibabel and gzip may raise anything
        raise_machine_fault(error, path)
        raise DataFault("cohort", f"{what} cannot be read as NIfTI: {_unnamed(error, path)}") from error


def _noted(image: nibabel.Nifti1Image, what: str) -> tuple[float, dict[str, Any]]:
    """The unit of its lengths in mm, and notes on its geometry. Raises DataFault if it has none, or two."""
    header, stated = image.header, image.extra["header"]  # nibabel makes 1 of a pixdim of 0
    quality, scanner = int(header["qform_code"]), int(header["sform_code"])
    notes: dict[str, Any] = {"affine": "sform" if scanner else "qform"}
    if quality == 0 and scanner == 0:
        raise DataFault("cohort", f"{what} has neither sform nor qform: where its voxels lie is not known")
    edges = stated["pixdim"][1:4].astype(float)
    if quality and not (np.isfinite(edges).all() and edges.all()):
        found = " x ".join(f"{format_plain(edge)}" for edge in edges)
        raise DataFault("cohort", f"{what} does not say how large its voxels are: pixdim {found}, mend its header")
    unit = int(stated["xyzt_units"]) & 7
    if unit not in UNITS_MM:
        raise DataFault("cohort", f"{what} gives lengths in a unit that there is not: xyzt_units {unit}, 2 is mm")
    if quality and scanner:
        affines = [np.diag([*[UNITS_MM[unit]] * 3, 1]) @ one for one in (header.get_qform(), header.get_sform())]
        notes |= _reconciled(*affines, header.get_data_shape(), what)
    return UNITS_MM[unit], notes


def _refuse_kind(image: nibabel.Nifti1Image, what: str) -> None:
    """Refuse voxels that are no plain numbers, a scaling that is none, and voxels that begin far within the file."""
    kind, header = image.get_data_dtype(), image.extra["header"]
    if kind.fields:
        raise DataFault("cohort", f"{what} holds colors ({kind}), not HU: give the scan itself")
    if kind.kind == "c":
        raise DataFault("cohort", f"{what} holds complex numbers ({kind}), not HU: give the scan itself")
    if int(header["bitpix"]) not in (0, 8 * kind.itemsize):
        found = f"{kind} of {8 * kind.itemsize} bits by its datatype, {int(header['bitpix'])} by bitpix"
        raise DataFault("cohort", f"{what} contradicts itself on what its voxels are: {found}, mend its header")
    if np.isinf([header["scl_slope"], header["scl_inter"]]).any():
        raise DataFault("cohort", f"{what}: its slope or intercept is infinite, mend its header")
    if not image.header.single_vox_offset <= image.dataobj.offset <= LARGEST_OFFSET:
        raise DataFault("cohort", f"{what}: its voxels begin at byte {image.dataobj.offset}, mend its header")


def _unnamed(error: Exception, path: str | Path) -> str:
    """What an error says, in words of ours where a reader could do nothing with it, and nothing that names the file.

    An original may bear a patient's name.
    """
    told = str(error)
    for sign, words in WORDS.items():
        if sign in told:
            return words
    names = "|".join(re.escape(name) for name in (str(path), Path(path).name))
    named = re.search(rf"(?<!\w)({names})(?!\w)", told, re.I)
    return told if told and isinstance(error, TOLD) and not named else UNKNOWN


def _reconciled(quality: np.ndarray, scanner: np.ndarray, shape: tuple[int, ...], what: str) -> dict[str, Any]:
    """Notes on how far apart the two affines of one header place a voxel at most (mm, from 0.1 on).

    `axes_differ_mm` is how much of it their voxel sizes and directions make, 0 where that is below a tenth of a voxel:
    the place alone is the sform's to say. Raises DataFault if their voxel sizes differ by 1 %, or one is mirrored or
    turned against the other.
    """
    sizes = [np.abs(np.linalg.det(affine[:3, :3])) ** (1 / 3) for affine in (quality, scanner)]
    edges = [np.linalg.norm(affine[:3, :3], axis=0) for affine in (quality, scanner)]
    tilted = np.abs(cosines(scanner)).max() > 1e-3  # a tilt can stand in the sform only, and lengthens its slice axis
    if not np.allclose(edges[0], edges[1], rtol=0.01) and not (tilted and np.isclose(sizes[0], sizes[1], rtol=0.01)):
        found = " and ".join(str(edge.round(3).tolist()) for edge in edges)
        raise DataFault("cohort", f"{what}: qform and sform disagree on the voxel size, {found} mm: mend its header")
    refuse_other_axes(quality, scanner, what)
    apart = float(np.linalg.norm(corner_offsets_mm(quality, scanner, shape), axis=1).max())
    notes = {"qform_differs_mm": round(apart, 2)} if apart > 0.1 else {}
    return notes | {"axes_differ_mm": round(axes_apart_mm(quality, scanner, shape), 2)}


def _canonical(voxels: Any, affine: np.ndarray, what: str, *, read: Reader) -> Volume:
    """One 3D volume in the orientation nearest to RAS. Raises DataFault naming what else it is."""
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
        found = " x ".join(f"{format_plain(edge, 3)}" for edge in edges)
        raise DataFault("cohort", f"{what}: its voxels are {found} mm, which no CT has: mend its header")
    values = read(voxels, shape[:3])
    order = nibabel.io_orientation(affine)
    turned = affine @ nibabel.orientations.inv_ornt_aff(order, shape[:3])
    return Volume(nibabel.orientations.apply_orientation(values, order), turned)


def _planes(voxels: Any, count: int) -> Iterator[np.ndarray]:
    """Slice by slice, each (i, j), so that no more than one is held beside the volume."""
    if len(voxels.shape) == 2:
        yield np.asarray(voxels)
        return
    rest = (0,) * (len(voxels.shape) - 3)
    for place in range(count):
        yield np.asarray(voxels[(slice(None), slice(None), place, *rest)])


def _scan_voxels(voxels: Any, shape: tuple[int, int, int]) -> np.ndarray:
    """The voxels as float32."""
    values = np.empty(shape, dtype=np.float32, order="F")
    with np.errstate(over="ignore"):  # becomes infinite, which is refused later
        for place, plane in enumerate(_planes(voxels, shape[2])):
            values[..., place] = plane
    return values


def _mask_voxels(voxels: Any, shape: tuple[int, int, int]) -> np.ndarray:
    """The voxels as bool. Raises DataFault if they are not background (0) and one other value."""
    values = np.empty(shape, dtype=bool, order="F")
    found: set[float] = set()
    for place, plane in enumerate(_planes(voxels, shape[2])):
        low, high = plane.min(), plane.max()
        between = plane[(plane != low) & (plane != high)]
        found |= {float(value) for value in (low, *between[:1], high)}
        if not np.isfinite(list(found)).all():
            raise DataFault("cohort", "the mask is none: it holds values that are NaN or infinite")
        if len(found) > 2:
            first = [round(value, 3) for value in sorted(found)][:4]
            raise DataFault("cohort", f"the mask is none: it holds more than two values, {first} first")
        values[..., place] = plane != 0  # 255 in a type that ends at 127 is -1
    if len(found) == 2 and 0 not in found:
        only = " and ".join(f"{format_plain(value)}" for value in sorted(found))
        raise DataFault("cohort", f"the mask has no background: it holds {only}, and 0 nowhere; make it 0 and 1")
    return values
