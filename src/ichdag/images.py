"""Scans and masks on disk. A file of zero bytes says: there is no such scan or mask, or it was excluded."""

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
    """Read a scan (HU) that the cohort stage has converted, in the orientation nearest to RAS.

    Raises DataFault (stage cohort) if there is none: the sheet names none, or it could not be converted.
    """
    return Volume(*_read(path, np.float32))


def read_mask(path: str | Path | None) -> Volume:
    """Read a mask that an earlier stage has written, as bool. Raises DataFault if there is none."""
    values, affine = _read(path, np.uint8)
    return Volume(values > 0, affine)


def _read(path: str | Path | None, kind: type) -> tuple[np.ndarray, np.ndarray]:
    if not path or is_absent(path):
        raise DataFault("cohort", "there is no usable scan")
    image = nibabel.as_closest_canonical(nibabel.load(path))
    return np.asarray(image.dataobj, dtype=kind), image.affine


def write_image(volume: Volume, path: str | Path) -> None:
    """Write a scan (int16 HU; float32 where it has fractions) or a mask (uint8) as compressed NIfTI, whole.

    The same values give the same bytes, and the header holds geometry and nothing else.
    """
    image = nibabel.Nifti1Image(_stored(volume.values), volume.affine)
    image.set_qform(volume.affine, code=1)
    image.set_sform(volume.affine, code=1)
    with whole_file(path) as partial:
        nibabel.save(image, partial)


def _stored(values: np.ndarray) -> np.ndarray:
    """The values in the smallest type that keeps them."""
    if values.dtype == bool:
        return values.astype(np.uint8)
    whole = np.rint(values)
    if np.abs(whole).max(initial=0) < 32768 and np.abs(whole - values).max(initial=0) < 1e-4:
        return whole.astype(np.int16)
    return values.astype(np.float32)


def same_grid(one: Volume, other: Volume) -> bool:
    """Whether two volumes share shape and affine (to a hundredth of a millimeter)."""
    return one.values.shape == other.values.shape and np.allclose(one.affine, other.affine, atol=0.01)


def write_absent(path: str | Path) -> None:
    """Write the empty file that stands for a scan or mask that is not there."""
    with whole_file(path) as partial:
        partial.touch()


def is_absent(path: str | Path) -> bool:
    """Whether the file stands for a scan or mask that is not there."""
    return Path(path).stat().st_size == 0
