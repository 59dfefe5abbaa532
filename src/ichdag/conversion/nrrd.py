"""Masks in NRRD, as 3D Slicer writes them, by SimpleITK: looked at before anything large is read."""

from pathlib import Path
from typing import Any

import numpy as np

from ichdag.conversion.affines import refuse_size
from ichdag.conversion.nrrd_header import read_header, refuse_data_elsewhere, require_data
from ichdag.conversion.nrrd_integrity import require_whole
from ichdag.file_errors import raise_machine_fault, read_to_end
from ichdag.images import DENSEST
from ichdag.jobs import DataFault

NRRD_PLACE = (b"space directions", b"space origin")


def read_nrrd(path: Path) -> tuple[Any, np.ndarray]:
    """Read the image (SimpleITK's) of a mask and its affine, RAS in mm; ITK's world is LPS.

    Raises DataFault for what is no mask, is damaged, or has data outside the header's folder; OSError where a file
    cannot be read.
    """
    import SimpleITK as sitk

    refuse_data_elsewhere(path)
    files = require_data(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        _refuse_nrrd(files, reader)
        image = reader.Execute()
    except RuntimeError as error:
        raise_machine_fault(error, *files)
        raise DataFault("cohort", "the mask cannot be read as NRRD: it is damaged or something else") from error
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    affine = np.diag([-1.0, -1, 1, 1]) @ affine
    return image, affine


def _refuse_nrrd(files: list[Path], reader: Any) -> None:
    """Refuse by its header a NRRD file that is no mask, says not where it lies, or promises more than it can hold."""
    import SimpleITK as sitk

    size = reader.GetSize()
    if reader.GetDimension() != 3 or reader.GetNumberOfComponents() != 1:
        raise DataFault("cohort", f"the mask is not a 3D volume: shape {size}")
    fields = read_header(files[0]).fields.lower()
    if not all(field in fields for field in NRRD_PLACE):
        raise DataFault("cohort", "the mask does not say where its voxels lie: no space directions or space origin")
    promised = np.prod(size, dtype=float) * sitk.Image([1, 1, 1], reader.GetPixelID()).GetSizeOfPixelComponent()
    if promised > DENSEST * sum(file.stat().st_size for file in files):
        for file in files:
            read_to_end(file)
        raise DataFault("cohort", "the mask cannot be read as NRRD: it is shorter than its header says")
    refuse_size([promised / 4], "the mask")  # four bytes a voxel are more than a mask needs
    require_whole(files, fields, promised=int(promised))
