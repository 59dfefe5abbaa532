"""Scans and masks on disk. A mask file of zero bytes says: this scan was excluded, there is no mask."""

import zlib
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np

from ichdag.jobs import DataFault, whole_file


@dataclass(frozen=True)
class Volume:
    """A scan (HU, float32) or a mask (bool), shape (i, j, k), and its voxel-to-world affine (4, 4), RAS+ in mm."""

    values: np.ndarray
    affine: np.ndarray

    @property
    def spacing_mm(self) -> np.ndarray:
        """Distance between voxel centers along i, j, k."""
        return np.linalg.norm(self.affine[:3, :3], axis=0)

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel."""
        return float(abs(np.linalg.det(self.affine[:3, :3])) / 1000)

    @property
    def volume_ml(self) -> float:
        """Volume of the voxels that are not zero."""
        return float(np.count_nonzero(self.values) * self.voxel_ml)


def read_scan(path: str | Path | None) -> Volume:
    """Read a NIfTI scan as HU (scl_slope and scl_inter applied), in the orientation nearest to RAS.

    Raises DataFault (stage cohort) if there is no file (the sheet says n/a), it cannot be read, is not a single 3D
    volume, or has no usable geometry.
    """
    if not path:
        raise DataFault("cohort", "no such file in the participants sheet")
    try:
        stored = nibabel.load(path)
        image = nibabel.as_closest_canonical(stored)
        values = np.asarray(image.dataobj, dtype=np.float32)
    except (OSError, EOFError, ValueError, zlib.error, nibabel.filebasedimages.ImageFileError) as error:
        raise DataFault("cohort", f"{Path(path).name} cannot be read as NIfTI: {error}") from error
    if values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    if values.ndim != 3 or min(values.shape) < 2:
        raise DataFault("cohort", f"{Path(path).name} is not a 3D volume: shape {values.shape}")
    if stored.header["sform_code"] == 0 and stored.header["qform_code"] == 0:
        raise DataFault("cohort", f"{Path(path).name} has neither sform nor qform: voxel spacing is not known")
    return Volume(values, image.affine)


def read_mask(path: str | Path | None) -> Volume:
    """Read a NIfTI mask as bool. Raises DataFault as `read_scan` does, also if it holds more than two values."""
    if path and Path(path).is_file() and is_absent(path):
        raise DataFault("segmentation", "the scan was excluded, so there is no mask")
    mask = read_scan(path)
    if np.unique(mask.values).size > 2:
        raise DataFault("cohort", f"{Path(path).name} is not a mask: it holds more than two values")
    return Volume(mask.values > 0, mask.affine)


def write_image(volume: Volume, path: str | Path) -> None:
    """Write a scan (int16 HU) or a mask (uint8) as compressed NIfTI, whole, with the same bytes for the same values."""
    boolean = volume.values.dtype == bool
    values = volume.values.astype(np.uint8) if boolean else np.rint(volume.values).astype(np.int16)
    image = nibabel.Nifti1Image(values, volume.affine)
    image.set_qform(volume.affine, code=1)
    image.set_sform(volume.affine, code=1)
    with whole_file(path) as partial:
        nibabel.save(image, partial)


def same_grid(one: Volume, other: Volume) -> bool:
    """Whether two volumes share shape and affine (to a hundredth of a millimeter)."""
    return one.values.shape == other.values.shape and np.allclose(one.affine, other.affine, atol=0.01)


def write_absent(path: str | Path) -> None:
    """Write the empty file that stands for the mask of an excluded scan."""
    with whole_file(path) as partial:
        partial.touch()


def is_absent(path: str | Path) -> bool:
    """Whether the file stands for the mask of an excluded scan."""
    return Path(path).stat().st_size == 0
