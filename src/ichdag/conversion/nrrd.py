"""Masks in NRRD, as 3D Slicer writes them, read by SimpleITK: the header is checked before the voxels are read."""

from pathlib import Path
from typing import Any

import numpy as np

from ichdag.conversion.nrrd_header import read_header, refuse_data_outside_folder, require_data_files
from ichdag.conversion.nrrd_integrity import require_intact_voxels
from ichdag.conversion.size_limits import refuse_size
from ichdag.file_errors import raise_machine_fault, read_to_end
from ichdag.images import DENSEST
from ichdag.jobs import DataFault

GRID_FIELDS = (b"space directions", b"space origin")


def read_nrrd(path: Path) -> tuple[Any, np.ndarray]:
    """Read a mask as an image of SimpleITK, with its voxel-to-world affine (4, 4), RAS+ in mm; ITK's world is LPS.

    Raises DataFault if it is not a mask, is damaged, or has data outside the header's folder; MachineFault if a data
    file is missing; OSError where a file cannot be read.
    """
    import SimpleITK as sitk

    refuse_data_outside_folder(path)
    files = require_data_files(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        _check_header(files, reader)
        image = reader.Execute()
    except RuntimeError as error:
        raise_machine_fault(error, *files)
        raise DataFault("cohort", "the mask cannot be read as NRRD: it is damaged or something else") from error
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    affine = np.diag([-1.0, -1, 1, 1]) @ affine
    return image, affine


def _check_header(files: list[Path], reader: Any) -> None:
    """Raise DataFault if a header is not that of a mask, has no grid, or promises more than its files can hold."""
    import SimpleITK as sitk

    size = reader.GetSize()
    if reader.GetDimension() != 3 or reader.GetNumberOfComponents() != 1:
        raise DataFault("cohort", f"the mask is not a 3D volume: shape {size}")
    fields = read_header(files[0]).fields.lower()
    if not all(field in fields for field in GRID_FIELDS):
        raise DataFault("cohort", "the mask does not say where its voxels lie: no space directions or space origin")
    promised = np.prod(size, dtype=float) * sitk.Image([1, 1, 1], reader.GetPixelID()).GetSizeOfPixelComponent()
    if promised > DENSEST * sum(file.stat().st_size for file in files):
        for file in files:
            read_to_end(file)
        raise DataFault("cohort", "the mask cannot be read as NRRD: it is shorter than its header says")
    refuse_size([promised / 4], "the mask")  # four bytes a voxel are more than a mask needs
    require_intact_voxels(files, fields, promised=int(promised))
