"""Originals in NIfTI or NRRD, as hospitals and other programs write them: read once, with suspicion, into HU and RAS.

Rules of geometry, in order: a file needs qform or sform; where both are given and disagree in voxel size, the file is
refused, where they disagree in position only, the sform counts (and the record says so); voxel axes that are not
perpendicular because the slices are tilted against them are straightened (`geometry.straightened`).
"""

import zlib
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from ichdag.cohort.geometry import straightened
from ichdag.images import Volume
from ichdag.jobs import DataFault

AIR_HU = -1024
UNREADABLE = (OSError, EOFError, ValueError, zlib.error, nibabel.filebasedimages.ImageFileError)


def read_nifti_scan(path: str | Path) -> tuple[Volume, dict[str, Any]]:
    """Read a NIfTI scan as HU float32 (slope and intercept applied), nearest to RAS, and what was noted on the way.

    Raises DataFault (stage cohort) if it cannot be read, is not one 3D volume of plain numbers, or its geometry is
    missing or contradicts itself.
    """
    image, facts = _loaded(path, "the scan")
    return straightened(_canonical(image, "the scan", path), outside=AIR_HU, order=1, notes=facts), facts


def read_original_mask(path: str | Path) -> Volume:
    """Read a NIfTI or NRRD mask as bool, nearest to RAS; every value above zero is lesion.

    Raises DataFault as `read_nifti_scan` does, also where it holds more than two values.
    """
    if str(path).lower().endswith((".nrrd", ".nhdr")):
        volume = _read_nrrd(path)
    else:
        volume = _canonical(_loaded(path, "the mask")[0], "the mask", path)
    found = np.unique(volume.values)
    if found.size > 2:
        first = found[:4].round(3).tolist()
        raise DataFault("cohort", f"the mask is none: it holds more than two values, {first} first")
    return straightened(Volume(volume.values > 0, volume.affine), outside=0, order=0, notes={})


def _loaded(path: str | Path, what: str) -> tuple[Any, dict[str, Any]]:
    """The image with the affine that counts, and notes on its geometry."""
    try:
        image = nibabel.load(path)
        header = image.header
        quality, scanner = int(header["qform_code"]), int(header["sform_code"])
        notes: dict[str, Any] = {"affine": "sform" if scanner else "qform"}
        if quality == 0 and scanner == 0:
            raise DataFault("cohort", f"{what} has neither sform nor qform: where its voxels lie is not known")
        if quality and scanner:
            notes |= _reconciled(header.get_qform(), header.get_sform(), what)
    except KeyError as error:
        raise DataFault("cohort", f"{what} is not NIfTI: it has no {error.args[0]}") from error
    except UNREADABLE as error:
        raise DataFault("cohort", f"{what} cannot be read as NIfTI: {_unnamed(error, path)}") from error
    return image, notes


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


def _canonical(image: Any, what: str, path: str | Path) -> Volume:
    """One 3D float32 volume in the orientation nearest to RAS. Raises DataFault naming what else it is."""
    if image.get_data_dtype().fields:
        raise DataFault("cohort", f"{what} holds colors ({image.get_data_dtype()}), not HU: give the scan itself")
    shape = tuple(int(size) for size in image.shape)
    if len(shape) < 3 or min(shape[:3]) < 2 or np.prod(shape[3:], dtype=int) != 1:
        cure = "; it holds several volumes: give one" if len(shape) > 3 else ""
        raise DataFault("cohort", f"{what} is not a 3D volume: shape {shape}{cure}")
    if not np.isfinite(image.affine).all() or abs(np.linalg.det(image.affine[:3, :3])) < 1e-6:
        raise DataFault("cohort", f"{what}: its affine gives voxels no volume: mend its header")
    try:
        values = np.asarray(image.dataobj, dtype=np.float32).reshape(shape[:3])
    except UNREADABLE as error:
        raise DataFault("cohort", f"{what} cannot be read as NIfTI: {_unnamed(error, path)}") from error
    order = nibabel.io_orientation(image.affine)
    affine = image.affine @ nibabel.orientations.inv_ornt_aff(order, shape[:3])
    return Volume(nibabel.orientations.apply_orientation(values, order), affine)


def _read_nrrd(path: str | Path) -> Volume:
    """A NRRD mask by SimpleITK, whose world is LPS."""
    import SimpleITK as sitk

    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise DataFault("cohort", "the mask cannot be read as NRRD: it is damaged or something else") from error
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise DataFault("cohort", f"the mask is not a 3D volume: shape {image.GetSize()}")
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    affine = np.diag([-1.0, -1, 1, 1]) @ affine
    values = sitk.GetArrayFromImage(image).T.astype(np.float32)
    return _canonical(nibabel.Nifti1Image(values, affine), "the mask", path)
