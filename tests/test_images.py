"""An image that is not there is said to be absent, by a file that says so and a record that says why."""

import nibabel
import numpy as np
import pytest

from ichdag.file_errors import DamagedResult
from ichdag.images import (
    Volume,
    corner_offsets_mm,
    grid_difference,
    is_absent,
    read_expected,
    read_mask,
    read_scan,
    same_grid,
    write_absent,
    write_image,
)
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


SHAPE = (512, 512, 32)


def grid(spacing=(0.45, 0.45, 5.0), shape=SHAPE, turn_degrees=0.0, origin=(-115.0, -115.0, -80.0)):
    """An empty grid whose voxels cost no memory, turned about the axis of the slices through its first voxel."""
    cosine, sine = np.cos(np.radians(turn_degrees)), np.sin(np.radians(turn_degrees))
    turn = np.array([[cosine, -sine, 0, 0], [sine, cosine, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    affine = turn @ np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    return Volume(np.broadcast_to(np.False_, shape), affine)


@pytest.mark.parametrize(
    "other",
    [
        grid(spacing=(0.46, 0.46, 5.0)),
        grid(spacing=(0.451, 0.45, 5.0)),
        grid(spacing=(0.45, 0.45, 5.03)),
        grid(turn_degrees=0.9),
        grid(turn_degrees=0.1),
        grid(origin=(-114.9, -115.0, -80.0)),
        grid(origin=(-115.0, -115.0, -79.0)),
        grid(shape=(512, 512, 31)),
    ],
)
def test_grids_whose_corners_lie_apart_are_not_the_same(other):
    assert not same_grid(grid(), other) and not same_grid(other, grid())


@pytest.mark.parametrize(
    "other",
    [
        grid(),
        grid(spacing=(np.float32(0.45), np.float32(0.45), 5.0)),
        grid(spacing=(0.45003, 0.45, 5.0)),
        grid(turn_degrees=0.003),
        grid(origin=(-115.02, -115.0, -80.2)),
    ],
)
def test_grids_that_differ_by_what_headers_round_are_the_same(other):
    assert same_grid(grid(), other) and same_grid(other, grid())


def test_no_voxel_lies_further_apart_than_a_corner_of_its_grid():
    random = np.random.default_rng(4)
    for _ in range(20):
        one, other = (np.vstack([random.normal(size=(3, 4)), [0, 0, 0, 1]]) for _ in range(2))
        shape = tuple(random.integers(1, 9, 3))
        places = np.argwhere(np.ones(shape))
        apart = np.linalg.norm(
            nibabel.affines.apply_affine(one, places) - nibabel.affines.apply_affine(other, places), axis=1
        )
        corners = np.linalg.norm(corner_offsets_mm(one, other, shape), axis=1)
        assert apart.max() <= corners.max()
    assert corners.shape == (8,)


def test_the_offset_of_half_a_millimeter_spacing_is_that_of_the_far_corner():
    one, other = grid(), grid(spacing=(0.46, 0.45, 5.0))
    assert np.linalg.norm(corner_offsets_mm(one.affine, other.affine, SHAPE), axis=1).max() == pytest.approx(
        0.01 * 511.5
    )


def test_how_grids_differ_is_told_where_shape_spacing_and_origin_are_alike():
    """512 voxels of 0.45 mm, turned by 0.9 degrees about the first one: a chord at the far corner."""
    far = np.hypot(511.5, 511.5) * 0.45 * 2 * np.sin(np.radians(0.45))
    told = grid_difference(grid(turn_degrees=0.9), grid())
    assert told == f"a corner lies {far:.2f} mm from that of the other" and far > 5
    assert grid_difference(grid(shape=(512, 512, 31)), grid()) == "512 x 512 x 31 voxels against 512 x 512 x 32"
