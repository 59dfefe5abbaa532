"""Read and write scans and masks. An image of one voxel, marked absent, stands for one that does not exist."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import BinaryIO

import nibabel
import numpy as np

from ichdag.file_errors import DamagedResult, damaged_result_on_error
from ichdag.jobs import DataFault, atomic_write
from ichdag.number_format import format_plain

ABSENT = b"absent"  # intent_name of a file that stands for an image that does not exist
HEADER_BYTES = 540  # of NIfTI-2; NIfTI-1 has 348
LARGEST_OFFSET = 0.1  # of a voxel, between grids that count as the same
DENSEST = 1100  # gzip packs no byte into less than a 1032nd of one
PACKED = b"\x1f\x8b"  # how every gzip file begins, whatever its name
LONGEST_TAIL = 4096  # bytes that may follow the last voxel (but less than a slice): some programs pad their files


@dataclass(frozen=True)
class Volume:
    """A scan (HU, float32) or a mask (bool), shape (i, j, k), and its voxel-to-world affine (4, 4), RAS+ in mm."""

    values: np.ndarray
    affine: np.ndarray

    @property
    def spacing_mm(self) -> np.ndarray:
        """Return the distance between voxel centers along i, j, k."""
        return np.linalg.norm(self.affine[:3, :3], axis=0)

    @property
    def voxel_ml(self) -> float:
        """Return the volume of one voxel."""
        return float(abs(np.linalg.det(self.affine[:3, :3])) / 1000)

    @property
    def volume_ml(self) -> float:
        """Return the volume of the voxels that are not zero."""
        return float(np.count_nonzero(self.values) * self.voxel_ml)


def read_scan(path: str | Path | None) -> Volume:
    """Read a scan (HU) that the cohort stage has converted, in the orientation nearest to RAS.

    Raises DataFault (stage cohort) if there is none: the sheet names none, or it could not be converted; DamagedResult
    if the file is not whole.
    """
    return Volume(*_read(path, np.float32))


def read_mask(path: str | Path | None) -> Volume:
    """Read a mask that an earlier stage has written, as bool. Raises as `read_scan` does."""
    values, affine = _read(path, np.uint8)
    return Volume(values > 0, affine)


def read_expected(path: str | Path, *, present: bool, read: Callable[[str | Path], Volume]) -> Volume | None:
    """Read an image that exists according to its record (`present`), or return None. Raises DamagedResult if not so."""
    if is_absent(path) == present:
        words = ("none", "an image") if present else ("an image", "none")
        raise DamagedResult(path, "it holds {}, where its record says that there is {}".format(*words))
    return read(path) if present else None


def _read(path: str | Path | None, kind: type) -> tuple[np.ndarray, np.ndarray]:
    if not path or is_absent(path):
        raise DataFault("cohort", "there is no usable scan")
    with damaged_result_on_error(path), open_nifti(path) as image:
        image = nibabel.as_closest_canonical(image)
        return np.asarray(image.dataobj, dtype=kind), image.affine


@contextmanager
def open_nifti(path: str | Path, *, to_end: bool = True) -> Iterator[nibabel.Nifti1Image]:
    """Open a NIfTI file, whose voxels are read within the block; then check the end of the file and gzip's checksum.

    Its first bytes, not its name, say whether it is compressed. nibabel corrects headers when it reads them:
    `image.extra["header"]` is the header as it is in the file. Raises ImageFileError, or what nibabel and gzip raise,
    if the content is damaged. nibabel alone stops at the last voxel, before the checksum. To read only the header, set
    `to_end` to false.
    """
    with open(path, "rb") as raw:
        packed = raw.read(2) == PACKED
        raw.seek(0)
        stream: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=raw) if packed else raw
        head = stream.read(HEADER_BYTES)
        kinds = (nibabel.Nifti1Image, nibabel.Nifti2Image)
        kind = next((kind for kind in kinds if kind.header_class.may_contain_header(head)), None)
        if kind is None:
            raise nibabel.filebasedimages.ImageFileError("its first bytes are no NIfTI header")
        head = head[: kind.header_class.template_dtype.itemsize]
        image = _lazily(kind, stream, kind.header_class(head))
        image.extra["header"] = kind.header_class(head, check=False)
        _refuse_promises(image, Path(path).stat().st_size * (DENSEST if packed else 1))
        yield image
        if to_end:
            _read_out(stream, image)


def _lazily(
    kind: type[nibabel.Nifti1Image], stream: BinaryIO | gzip.GzipFile, header: nibabel.Nifti1Header
) -> nibabel.Nifti1Image:
    """Make the image as nibabel does, but without extensions of the header, which nobody needs and may be large."""
    image = kind(kind.ImageArrayProxy(stream, header.copy(), mmap=False), None, header)
    image._affine = header.get_best_affine()  # set after: the header then stays as it is
    return image


def voxel_offset(image: nibabel.Nifti1Image) -> int:
    """Return where the voxels begin in the file, in bytes."""
    return int(image.dataobj.offset)  # type: ignore[attr-defined]  # nibabel promises less of a proxy than it has


def _refuse_promises(image: nibabel.Nifti1Image, most_bytes: int) -> None:
    """Refuse a header with more voxels than its file can have, before memory is allocated for them."""
    promised = np.prod([float(size) for size in image.shape]) * image.get_data_dtype().itemsize
    if promised + voxel_offset(image) > most_bytes:
        raise nibabel.filebasedimages.ImageFileError("it is shorter than its header says")


def _read_out(stream: BinaryIO | gzip.GzipFile, image: nibabel.Nifti1Image) -> None:
    """Read what follows the last voxel, so that gzip compares the checksum. Refuse a file that has too much there."""
    sizes = [float(size) for size in image.shape]
    voxel = image.get_data_dtype().itemsize
    stream.seek(int(voxel_offset(image) + np.prod(sizes) * voxel))
    most = min(LONGEST_TAIL, np.prod(sizes[:2]) * voxel - 1)
    rest = 0
    while more := len(stream.read(2**20)):
        rest += more
        if rest > most:
            raise nibabel.filebasedimages.ImageFileError("it is longer than its header says")


def write_image(volume: Volume, path: str | Path) -> None:
    """Write a scan (int16 HU, or float32 if it has fractions) or a mask (uint8) as compressed NIfTI, as a whole.

    The same values give the same bytes. The header has the geometry and nothing else.
    """
    image = nibabel.Nifti1Image(_stored(volume.values), volume.affine)
    image.set_qform(volume.affine, code=1)
    image.set_sform(volume.affine, code=1)
    with atomic_write(path) as partial:
        nibabel.save(image, partial)


def _stored(values: np.ndarray) -> np.ndarray:
    """Convert the values to the smallest type that keeps them."""
    if values.dtype == bool:
        return values.astype(np.uint8)
    whole = np.rint(values)
    if np.abs(whole).max(initial=0) < 32768 and np.abs(whole - values).max(initial=0) < 1e-4:
        return whole.astype(np.int16)
    return values.astype(np.float32)


def same_grid(one: Volume, other: Volume) -> bool:
    """Return whether two volumes are on the same grid: same shape, and corners less than 0.1 voxel apart.

    ASSUME: 0.1 voxel along each axis. Below 0.5 each voxel is the nearest one of the other grid; what programs round
    when they write a header is less than 0.1.
    """
    if one.values.shape != other.values.shape:
        return False
    offsets = corner_offsets_mm(one.affine, other.affine, one.values.shape)
    return bool((np.abs(np.linalg.solve(other.affine[:3, :3], offsets.T)) < LARGEST_OFFSET).all())


def grid_difference(one: Volume, other: Volume) -> str:
    """Describe how two grids differ: by their shapes, or by the largest distance between corresponding corners."""
    if one.values.shape != other.values.shape:
        first, second = (" x ".join(map(str, volume.values.shape)) for volume in (one, other))
        return f"{first} voxels against {second}"
    offsets = corner_offsets_mm(one.affine, other.affine, one.values.shape)
    return f"a corner lies {format_plain(np.linalg.norm(offsets, axis=1).max(), 3)} mm from that of the other"


def corner_offsets_mm(one: np.ndarray, other: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the offsets (8, 3), mm, between the outer corners of a grid (shape i, j, k) under two affines (4, 4).

    No point of the grid has a larger offset than one of the corners.
    """
    corners = np.array(list(product(*((-0.5, size - 0.5) for size in shape[:3]))))
    return corners @ (one - other)[:3, :3].T + (one - other)[:3, 3]


def write_absent(path: str | Path) -> None:
    """Write the image of one voxel that stands for a scan or mask that does not exist; always the same bytes."""
    image = nibabel.Nifti1Image(np.zeros((1, 1, 1), dtype=np.uint8), np.eye(4))
    image.header["intent_name"] = ABSENT
    image.header["descrip"] = b"there is no such image; the JSON record beside it says why"
    with atomic_write(path) as partial:
        nibabel.save(image, partial)


def is_absent(path: str | Path) -> bool:
    """Return whether a file stands for a scan or mask that does not exist. Raises DamagedResult if it is no image."""
    with damaged_result_on_error(path), open_nifti(path, to_end=False) as image:
        return image.header["intent_name"].item() == ABSENT
