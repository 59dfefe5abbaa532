"""Originals in NIfTI or NRRD, as hospitals and other programs write them: read once, with suspicion, into HU and RAS.

Rules of geometry, in order: a file needs qform or sform; where both are given and disagree in voxel size, the file is
refused, where they disagree in position only, the sform counts (and the record says so); voxel axes that are not
perpendicular because the slices are tilted against them are straightened (`geometry.straightened`).
"""

import re
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from ichdag.cohort.detached import refuse_data_elsewhere
from ichdag.cohort.geometry import straightened
from ichdag.faults import read_through, refuse_machine_fault
from ichdag.images import DENSEST, Volume, open_nifti
from ichdag.jobs import DataFault

AIR_HU = -1024
DATA_FILE = re.compile(rb"^data ?file: *(\S[^\r\n]*)", re.I | re.M)


def read_nifti_scan(path: str | Path) -> tuple[Volume, dict[str, Any]]:
    """Read a NIfTI scan as HU float32 (slope and intercept applied), nearest to RAS, and what was noted on the way.

    Raises DataFault (stage cohort) if its content cannot be read, is not one 3D volume of plain numbers, or its
    geometry is missing or contradicts itself; OSError if the machine cannot read the file.
    """
    volume, facts = _read_nifti(path, "the scan")
    return straightened(volume, outside=AIR_HU, order=1, notes=facts), facts


def read_original_mask(path: str | Path) -> Volume:
    """Read a NIfTI or NRRD mask as bool, nearest to RAS; every value above zero is lesion.

    Raises as `read_nifti_scan` does, DataFault also where it holds more than two values.
    """
    if str(path).lower().endswith((".nrrd", ".nhdr")):
        volume = _read_nrrd(Path(path))
    else:
        volume = _read_nifti(path, "the mask")[0]
    found = np.unique(volume.values)
    if found.size > 2:
        first = found[:4].round(3).tolist()
        raise DataFault("cohort", f"the mask is none: it holds more than two values, {first} first")
    return straightened(Volume(volume.values > 0, volume.affine), outside=0, order=0, notes={})


def _read_nifti(path: str | Path, what: str) -> tuple[Volume, dict[str, Any]]:
    """The voxels with the affine that counts, and notes on its geometry."""
    try:
        with open_nifti(path) as image:
            notes = _noted(image.header, what)
            return _canonical(image, what), notes
    except DataFault:
        raise
    except Exception as error:  # at damaged content nibabel and gzip may raise anything
        refuse_machine_fault(error, path)
        raise DataFault("cohort", f"{what} cannot be read as NIfTI: {_unnamed(error, path)}") from error


def _noted(header: nibabel.Nifti1Header, what: str) -> dict[str, Any]:
    """Notes on the geometry of a header. Raises DataFault if it has none, or contradicts itself."""
    quality, scanner = int(header["qform_code"]), int(header["sform_code"])
    notes: dict[str, Any] = {"affine": "sform" if scanner else "qform"}
    if quality == 0 and scanner == 0:
        raise DataFault("cohort", f"{what} has neither sform nor qform: where its voxels lie is not known")
    if quality and scanner:
        notes |= _reconciled(header.get_qform(), header.get_sform(), what)
    return notes


def _unnamed(error: Exception, path: str | Path) -> str:
    """What an error says, or only its kind where it names the file: an original may bear a patient's name."""
    return type(error).__name__ if Path(path).name.partition(".")[0] in str(error) else str(error)


def _reconciled(quality: np.ndarray, scanner: np.ndarray, what: str) -> dict[str, Any]:
    """Notes on how far the two affines of one header are apart. Raises DataFault if their voxel sizes differ by 1 %."""
    sizes = [np.abs(np.linalg.det(affine[:3, :3])) ** (1 / 3) for affine in (quality, scanner)]
    edges = [np.linalg.norm(affine[:3, :3], axis=0) for affine in (quality, scanner)]
    tilted = np.abs(_cosines(scanner)).max() > 1e-3  # a tilt can stand in the sform only, and lengthens its slice axis
    if not np.allclose(edges[0], edges[1], rtol=0.01) and not (tilted and np.isclose(sizes[0], sizes[1], rtol=0.01)):
        found = " and ".join(str(edge.round(3).tolist()) for edge in edges)
        raise DataFault("cohort", f"{what}: qform and sform disagree on the voxel size, {found} mm: mend its header")
    apart = float(np.abs(quality - scanner).max())
    return {"qform_differs_mm": round(apart, 2)} if apart > 0.1 else {}


def _cosines(affine: np.ndarray) -> np.ndarray:
    """Cosines between the three voxel axes: ij, ik, jk."""
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return np.array([axes[:, 0] @ axes[:, 1], axes[:, 0] @ axes[:, 2], axes[:, 1] @ axes[:, 2]])


def _canonical(image: Any, what: str) -> Volume:
    """One 3D float32 volume in the orientation nearest to RAS. Raises DataFault naming what else it is."""
    if image.get_data_dtype().fields:
        raise DataFault("cohort", f"{what} holds colors ({image.get_data_dtype()}), not HU: give the scan itself")
    shape = tuple(int(size) for size in image.shape)
    if len(shape) < 3 or min(shape[:3]) < 2 or np.prod(shape[3:], dtype=int) != 1:
        cure = "; it holds several volumes: give one" if len(shape) > 3 else ""
        raise DataFault("cohort", f"{what} is not a 3D volume: shape {shape}{cure}")
    if not np.isfinite(image.affine).all() or abs(np.linalg.det(image.affine[:3, :3])) < 1e-6:
        raise DataFault("cohort", f"{what}: its affine gives voxels no volume: mend its header")
    values = np.asarray(image.dataobj, dtype=np.float32).reshape(shape[:3])
    order = nibabel.io_orientation(image.affine)
    affine = image.affine @ nibabel.orientations.inv_ornt_aff(order, shape[:3])
    return Volume(nibabel.orientations.apply_orientation(values, order), affine)


def _read_nrrd(path: Path) -> Volume:
    """A NRRD mask by SimpleITK, whose world is LPS."""
    import SimpleITK as sitk

    refuse_data_elsewhere(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        image = reader.Execute()
    except RuntimeError as error:
        files = _files_of_nrrd(path)
        for file in files:
            read_through(file)
        if np.prod(reader.GetSize(), dtype=float) <= DENSEST * sum(file.stat().st_size for file in files):
            refuse_machine_fault(error)  # else there is no memory for what the file does not hold
        raise DataFault("cohort", "the mask cannot be read as NRRD: it is damaged or something else") from error
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise DataFault("cohort", f"the mask is not a 3D volume: shape {image.GetSize()}")
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    affine = np.diag([-1.0, -1, 1, 1]) @ affine
    values = sitk.GetArrayFromImage(image).T.astype(np.float32)
    return _canonical(nibabel.Nifti1Image(values, affine), "the mask")


def _files_of_nrrd(path: Path) -> list[Path]:
    """The header, and the file with the voxels that it names, where there is one."""
    named = DATA_FILE.search(path.read_bytes()[: 2**16])
    data = path.parent / named[1].decode(errors="replace").strip() if named else path
    return [path, *([data] if data != path and data.is_file() else [])]
