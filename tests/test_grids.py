"""One grid sampled at another, windows, boxes and regions."""

import numpy as np
import pytest

from ichdag.grids import (
    apply_window,
    bounding_box,
    box_corners,
    cube_affine,
    region_around,
    resample,
    smooth_for_sampling,
    subvoxel_centers,
    transform_points,
)
from ichdag.images import Volume


def test_a_window_becomes_zero_to_one_and_what_is_outside_is_clipped():
    values = np.array([-1000, -20, 50, 120, 3000], dtype=np.float32)
    windowed = apply_window(values, (-20, 120))
    assert windowed.tolist() == [0, 0, 0.5, 1, 1] and windowed.dtype == np.float32


def test_a_cube_lies_around_its_center():
    center = np.array([10.0, -4.0, 7.5])
    affine = cube_affine(center, voxel_mm=2.0, size=5)
    ends = transform_points(affine, np.array([[0, 0, 0], [4, 4, 4]]))
    assert ends.tolist() == [(center - 4).tolist(), (center + 4).tolist()]


@pytest.mark.parametrize(("order", "half_way"), [(0, 6.0), (1, 5.5)])
def test_a_grid_is_sampled_where_the_voxels_of_the_other_lie_and_is_zero_outside(order, half_way):
    values = np.zeros((4, 4, 4), dtype=np.float32)
    values[:] = np.arange(4, 8)[:, None, None]
    source = Volume(values, np.diag([2.0, 2.0, 2.0, 1.0]))
    affine = np.eye(4)
    affine[:3, 3] = [2, 2, 2]  # in voxels of the source: from 1 in steps of one half
    sampled = resample(source, affine=affine, shape=(8, 3, 3), order=order)
    assert sampled[0, 0, 0] == 5 and sampled[1, 0, 0] == pytest.approx(half_way) and sampled[4, 0, 0] == 7
    assert (sampled[5:] == 0).all()


def test_only_axes_that_become_coarser_are_smoothed():
    values = np.zeros((9, 9, 9), dtype=np.float32)
    values[4, 4, 4] = 1
    smooth = smooth_for_sampling(values, spacing_mm=np.array([1.0, 3.0, 5.0]), voxel_mm=3.0)
    assert 0 < smooth[3, 4, 4] < smooth[4, 4, 4] < 1
    assert (np.argwhere(smooth)[:, 1:] == 4).all() and smooth.sum() == pytest.approx(1)


def test_subvoxels_lie_evenly_about_the_center_of_their_voxel():
    centers = subvoxel_centers(np.array([1, 2, 4]))
    assert centers.shape == (8, 3) and np.abs(centers.mean(axis=0)).max() == 0
    assert sorted(set(centers[:, 2])) == [-0.375, -0.125, 0.125, 0.375] and set(centers[:, 0]) == {0.0}


def test_a_box_has_all_voxels_of_a_mask_in_however_many_components():
    mask = np.zeros((6, 7, 8), dtype=bool)
    mask[1, 2, 3] = mask[4, 2, 6] = True
    box = bounding_box(mask)
    assert box == (slice(1, 5), slice(2, 3), slice(3, 7))
    corners = box_corners(box, margin=1)
    assert corners.min(axis=0).tolist() == [0, 1, 2] and corners.max(axis=0).tolist() == [5, 3, 7]
    assert len(np.unique(corners, axis=0)) == 8


def test_a_region_has_its_points_and_a_margin_within_the_grid_and_at_least_one_voxel():
    points = np.array([[1.5, -3.0, 20.0], [2.5, 3.2, 30.0]])
    assert region_around(points, shape=(10, 10, 10)) == (slice(1, 4), slice(0, 5), slice(9, 10))
    assert region_around(points, shape=(10, 10, 10), margin=2) == (slice(0, 6), slice(0, 7), slice(9, 10))
