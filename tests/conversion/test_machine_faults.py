"""What the machine does to NIfTI and NRRD originals leaves nobody out; what is wrong in a readable file does."""

import builtins
import errno
import gzip
import os
import struct
from contextlib import contextmanager

import nibabel
import numpy as np
import pytest

from ichdag.conversion.nifti import read_nifti_scan, read_original_mask
from ichdag.file_errors import MachineFault, find_machine_fault
from ichdag.jobs import DataFault

UNREADABLE = "/proc/self/mem"  # it opens, and every read of its beginning is an input/output error
KINDS = ["ct.nii.gz", "ct.nii", "mask.nii.gz", "mask.nrrd", "mask.nhdr"]


@pytest.fixture
def originals(written, mask_file, brain_scan, tmp_path):
    """What the sheet names for each kind, and the file that holds the voxels."""
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(brain_scan[1].values.astype(np.uint8).T)
    image.SetSpacing(brain_scan[1].spacing_mm.tolist())
    image.SetOrigin((np.diag([-1, -1, 1]) @ brain_scan[1].affine[:3, 3]).tolist())
    image.SetDirection([-1, 0, 0, 0, -1, 0, 0, 0, 1])

    def make(kind):
        ct = written(kind if kind.startswith("ct") else "ct.nii.gz")
        if kind.startswith("ct"):
            return {"baseline_ct": ct}, ct
        mask = tmp_path / kind
        mask_file(name=kind) if kind.endswith("gz") else sitk.WriteImage(image, str(mask))
        voxels = tmp_path / "mask.raw" if kind.endswith("nhdr") else mask
        return {"baseline_ct": ct, "baseline_mask": mask}, voxels

    return make


@pytest.fixture
def fails_alone(convert, tmp_path):
    """A conversion under a fault raises it and names no original; without it, it gives the record as undisturbed."""

    def run(files, fault, words):
        undisturbed = convert(files)[1]
        assert undisturbed["baseline"]["status"] == "included", undisturbed["baseline"]["reason"]
        with fault, pytest.raises(MachineFault, match=words) as caught:
            convert(files)
        assert str(caught.value).startswith("the baseline scan could not be converted: ")
        assert str(tmp_path) not in str(caught.value) and caught.value.__suppress_context__
        assert convert(files)[1] == undisturbed

    return run


@contextmanager
def replaced(path, target):
    """Within the block the path is a link to the target."""
    aside = path.with_name("aside")
    path.rename(aside)
    path.symlink_to(target)
    yield
    path.unlink()
    aside.rename(path)


@contextmanager
def raising(module, name, error, when=lambda *arguments: True):
    """Within the block a function raises an error."""
    real = getattr(module, name)

    def fail(*arguments, **options):
        if when(*arguments):
            raise error
        return real(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, fail)
        yield


@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_cannot_read_an_original(originals, fails_alone, kind):
    files, voxels = originals(kind)
    fails_alone(files, replaced(voxels, UNREADABLE), "OSError, Input/output error")


@pytest.mark.parametrize("kind", ["ct.nii.gz", "mask.nii.gz", "mask.nrrd"])
def test_an_original_that_is_away(originals, fails_alone, kind):
    files, voxels = originals(kind)
    fails_alone(files, replaced(voxels, "nowhere"), "FileNotFoundError, No such file or directory")


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EACCES, errno.EMFILE])
@pytest.mark.parametrize("kind", ["ct.nii.gz", "mask.nii.gz"])
def test_an_original_that_cannot_be_opened(originals, fails_alone, kind, number):
    files, voxels = originals(kind)
    error = OSError(number, os.strerror(number), str(voxels))
    fault = raising(builtins, "open", error, when=lambda path, *rest: str(path) == str(voxels))
    fails_alone(files, fault, f", {os.strerror(number)}")


def test_a_disk_that_fails_in_the_middle_of_a_file(originals, fails_alone):
    files, _ = originals("ct.nii.gz")
    error = OSError(errno.ESTALE, os.strerror(errno.ESTALE))
    fault = raising(gzip.GzipFile, "read", error, when=lambda stream, size: size > 1000)
    fails_alone(files, fault, "OSError, Stale file handle")


def test_want_of_memory(originals, fails_alone):
    files, _ = originals("ct.nii.gz")
    fails_alone(files, raising(nibabel.orientations, "apply_orientation", MemoryError()), "MemoryError")


def test_a_checksum_that_is_wrong_leaves_the_scan_out(written):
    """The voxels come before the checksum, and nibabel stops there."""
    path = written()
    content = bytearray(path.read_bytes())
    content[-6] ^= 1
    path.write_bytes(content)
    nibabel.load(path).get_fdata()
    with pytest.raises(DataFault, match="cannot be read as NIfTI: CRC check failed"):
        read_nifti_scan(path)


@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_never_gives_another_scan(written, brain_scan, bit):
    path = written()
    content = bytearray(path.read_bytes())
    for place in range(3000, len(content) - 8, len(content) // 6):
        content[place] ^= 1 << bit
        path.write_bytes(content)
        with pytest.raises(DataFault, match="cannot be read as NIfTI"):
            read_nifti_scan(path)
        content[place] ^= 1 << bit
    path.write_bytes(content)
    assert np.array_equal(read_nifti_scan(path)[0].values, brain_scan[0].values)


@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz"])
def test_a_header_that_promises_more_than_its_file_holds_leaves_the_scan_out_and_takes_no_memory(written, name):
    path = written("plain.nii")
    content = bytearray(path.read_bytes())
    struct.pack_into("<4h", content, 40, 3, 32767, 32767, 32767)  # 70 TB
    (path.with_name(name)).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    with pytest.raises(DataFault, match="it is shorter than its header says"):
        read_nifti_scan(path.with_name(name))


@pytest.mark.parametrize(
    "offset, kind, value", [(70, "<h", 26996), (70, "<h", 1), (108, "<f", 3.4e38), (116, "<f", np.nan)]
)
def test_a_header_that_nibabel_cannot_make_sense_of_leaves_the_scan_out(written, offset, kind, value):
    """Kinds of numbers that there are not, voxels that begin at no place, an intercept that is none."""
    path = written("ct.nii", slope=(1, -1024))
    content = bytearray(path.read_bytes())
    struct.pack_into(kind, content, offset, value)
    path.write_bytes(content)
    with pytest.raises(DataFault, match="cannot be read as NIfTI"):
        read_nifti_scan(path)


@pytest.mark.parametrize("encoding", ["raw", "gzip"])
def test_a_nrrd_header_that_promises_more_than_its_file_holds_leaves_the_mask_out(tmp_path, encoding):
    space = "space: left-posterior-superior\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\n"
    header = f"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 30000 30000 30000\n{space}encoding: {encoding}\n\n"
    voxels = np.ones(1000, dtype=np.uint8).tobytes()
    content = header.encode() + (gzip.compress(voxels) if encoding == "gzip" else voxels)
    (tmp_path / "mask.nrrd").write_bytes(content)
    with pytest.raises(DataFault, match="cannot be read as NRRD"):
        read_original_mask(tmp_path / "mask.nrrd")


def test_a_nrrd_header_whose_voxels_are_away(originals, fails_alone):
    files, voxels = originals("mask.nhdr")
    fails_alone(files, replaced(voxels, "nowhere"), "a data file that the mask's header names is not there")


@pytest.fixture
def fails_apart(apart, brain_scan):
    """Reading a mask whose data lie apart under a fault, which is given the last data file, is a fault of the machine.

    Without it the mask is read.
    """

    def run(fault, words):
        header, data = apart
        with fault(data[-1]), pytest.raises(OSError, match=words) as caught:
            read_original_mask(header)
        assert find_machine_fault(caught.value)
        assert np.array_equal(read_original_mask(header).values, brain_scan[1].values)

    return run


def test_a_data_file_that_its_header_names_and_that_is_away_leaves_nobody_out(fails_apart):
    fails_apart(lambda data: replaced(data, "nowhere"), "a data file that the mask's header names is not there")


def test_a_data_file_that_the_disk_cannot_read_leaves_nobody_out(fails_apart):
    fails_apart(lambda data: replaced(data, UNREADABLE), "Input/output error")


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EACCES])
def test_a_data_file_that_cannot_be_looked_at_leaves_nobody_out(fails_apart, number):
    def fault(data):
        error = OSError(number, os.strerror(number), str(data))
        return raising(os, "stat", error, when=lambda path, *rest: str(path) == str(data))

    fails_apart(fault, os.strerror(number))


def test_a_data_file_that_is_cut_short_leaves_the_mask_out(apart):
    header, data = apart
    data[-1].write_bytes(data[-1].read_bytes()[:-1])
    with pytest.raises(DataFault, match="the mask cannot be read as NRRD: it is damaged or something else"):
        read_original_mask(header)


def test_the_record_says_which_images_are_there_and_why_others_are_not(convert, written, mask_file, tmp_path):
    (tmp_path / "bad.nii").write_bytes(b"no image")
    files = {"baseline_ct": written(), "baseline_mask": mask_file(), "followup_ct": tmp_path / "bad.nii"}
    volumes, record = convert(files)
    assert set(volumes) == {"baseline_ct", "baseline_mask"} and record["baseline"]["absent"] == {}
    reason = record["followup"]["reason"]
    assert reason.startswith("the scan cannot be read as NIfTI: ")
    assert record["followup"]["absent"] == {"ct": reason, "mask": "none in the sheet"}
    _, record = convert({"baseline_mask": files["baseline_mask"]})
    assert record["baseline"]["absent"] == {"ct": "none in the sheet", "mask": "no scan in the sheet"}
