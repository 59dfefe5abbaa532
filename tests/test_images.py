"""An image that is not there is said to be absent, by a file that says so and a record that says why."""

import nibabel
import numpy as np
import pytest

from ichdag.faults import DamagedResult
from ichdag.images import Volume, is_absent, read_expected, read_mask, read_scan, write_absent, write_image
from ichdag.jobs import DataFault


@pytest.fixture
def paths(tmp_path):
    """An image of one voxel that is there, and one that is not."""
    write_image(Volume(np.zeros((1, 1, 1), dtype=np.float32), np.eye(4)), tmp_path / "there.nii.gz")
    write_absent(tmp_path / "absent.nii.gz")
    return tmp_path / "there.nii.gz", tmp_path / "absent.nii.gz"


def test_an_absent_image_is_told_from_an_image_however_small(paths):
    assert [is_absent(path) for path in paths] == [False, True]


def test_the_file_of_an_absent_image_says_what_it_is_to_every_reader_of_nifti_and_nothing_else(paths):
    image = nibabel.load(paths[1])
    assert image.shape == (1, 1, 1) and image.header["intent_name"].item() == b"absent"
    assert image.header["descrip"].item() == b"there is no such image; the JSON record beside it says why"
    assert not image.header.extensions


def test_the_file_of_an_absent_image_has_the_same_bytes_wherever_and_whenever_it_is_written(paths, tmp_path):
    write_absent(tmp_path / "results/sub-2_mask.nii.gz")
    assert (tmp_path / "results/sub-2_mask.nii.gz").read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("read", [read_scan, read_mask])
def test_to_read_an_absent_image_is_a_fault_of_the_data(paths, read):
    with pytest.raises(DataFault, match="there is no usable scan"):
        read(paths[1])


def test_an_empty_file_stands_for_nothing(tmp_path):
    (tmp_path / "sub-1_mask.nii.gz").touch()
    for read in (is_absent, read_mask, read_scan):
        with pytest.raises(DamagedResult, match=r"sub-1_mask\.nii\.gz cannot be read.*Delete it and run again"):
            read(tmp_path / "sub-1_mask.nii.gz")


def test_the_record_decides_and_a_file_that_contradicts_it_is_named(paths):
    there, absent = paths
    assert read_expected(there, there=True, read=read_scan).values.shape == (1, 1, 1)
    assert read_expected(absent, there=False, read=read_scan) is None
    with pytest.raises(
        DamagedResult, match=r"absent\.nii\.gz.*it holds none, where its record says that there is an im"
    ):
        read_expected(absent, there=True, read=read_scan)
    with pytest.raises(
        DamagedResult, match=r"there\.nii\.gz.*it holds an image, where its record says that there is n"
    ):
        read_expected(there, there=False, read=read_scan)
