"""The grids share one field of view, keep world positions, sizes and windowed values."""

import numpy as np
import pytest

from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.preprocessing.network_grids import PreprocessingSettings, make_grids

SETTINGS = PreprocessingSettings(grid=48, field_of_view_mm=186, window_hu=(-20, 120), head_hu=-300)


def test_the_coarse_grid_is_the_fine_one_at_half_resolution(head):
    grids = make_grids(head[0], mask=None, settings=SETTINGS)
    assert grids["fine"].shape == (48, 48, 48) and grids["coarse"].shape == (24, 24, 24)
    assert grids["coarse"].astype(float).mean() == pytest.approx(grids["fine"].astype(float).mean(), abs=1e-3)
    assert "mask" not in grids


def test_the_lesion_keeps_its_volume_and_place(head):
    scan, mask = head
    grids = make_grids(scan, mask=mask, settings=SETTINGS)
    assert grids["mask"].sum(dtype=float) * 3.875**3 / 1000 == pytest.approx(mask.volume_ml, rel=0.02)
    expected_mm = scan.affine[:3, :3] @ np.argwhere(mask.values).mean(axis=0) + scan.affine[:3, 3]
    weights = grids["mask"].astype(float)[tuple(voxels := np.argwhere(grids["mask"]).T)]
    center_mm = grids["affine"][:3, :3] @ np.average(voxels, axis=1, weights=weights) + grids["affine"][:3, 3]
    assert np.abs(center_mm - expected_mm).max() < 1.0


def test_values_are_hu_in_the_window(head):
    grids = make_grids(head[0], mask=head[1], settings=SETTINGS)
    inside = grids["fine"][grids["mask"] == 1].astype(float)
    assert np.median(inside) == pytest.approx((65 + 20) / 140, abs=0.03)
    assert grids["fine"].min() == 0 and grids["fine"].max() == 1


def test_the_cube_is_centered_on_the_head_wherever_it_lies(head):
    scan, mask = head
    far = np.array(scan.affine)
    far[:3, 3] += [300, -50, 1200]
    near_grids = make_grids(scan, mask=mask, settings=SETTINGS)
    far_grids = make_grids(Volume(scan.values, far), mask=Volume(mask.values, far), settings=SETTINGS)
    assert np.array_equal(near_grids["fine"], far_grids["fine"])


def test_the_fraction_of_lesion_in_a_voxel_is_that_of_the_mask():
    """A box of known size on an anisotropic, turned grid: parts add up to its volume, whole voxels are one."""
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]]
    affine = turn @ np.diag([0.9, 0.9, 5.0, 1.0])
    values = np.full((120, 120, 24), 30.0, dtype=np.float32)
    mask = np.zeros(values.shape, dtype=bool)
    mask[40:70, 50:75, 8:14] = True
    grids = make_grids(Volume(values, affine), mask=Volume(mask, affine), settings=SETTINGS)
    assert grids["mask"].dtype == np.float16 and grids["mask"].min() >= 0 and grids["mask"].max() == 1
    volume = grids["mask"].sum(dtype=float) * 3.875**3 / 1000
    assert volume == pytest.approx(30 * 25 * 6 * 0.9 * 0.9 * 5 / 1000, rel=0.01)


def test_what_is_not_head_is_air_in_the_grids(head):
    scan, _ = head
    wider = np.pad(scan.values, [(0, 0), (5, 0), (0, 0)], constant_values=-1000)
    affine = scan.affine.copy()
    affine[1, 3] -= 20
    clean = make_grids(Volume(wider.copy(), affine), mask=None, settings=SETTINGS)["fine"]
    wider[:, 1] = 60  # a table top
    with_table = make_grids(Volume(wider, affine), mask=None, settings=SETTINGS)["fine"]
    assert np.abs(with_table.astype(float) - clean).max() < 0.05


def test_a_neck_below_the_field_of_view_does_not_move_the_cube(head):
    scan, _ = head
    longer = np.concatenate([np.full((44, 44, 20), -1000, dtype=np.float32), scan.values], axis=2)
    longer[5:20, 5:39, :22] = 40  # shoulders, off to one side
    affine = scan.affine.copy()
    affine[2, 3] -= 100
    small = PreprocessingSettings(grid=48, field_of_view_mm=150, window_hu=(-20, 120), head_hu=-300)
    without_neck = make_grids(scan, mask=None, settings=small)["affine"]
    with_neck = make_grids(Volume(longer, affine), mask=None, settings=small)["affine"]
    assert np.allclose(without_neck[2, 3], with_neck[2, 3]) and np.abs(without_neck[:3, 3] - with_neck[:3, 3]).max() < 8


def test_a_scan_of_air_has_no_head(head):
    with pytest.raises(DataFault, match="no head in the scan"):
        make_grids(Volume(np.full_like(head[0].values, -1000), head[0].affine), mask=None, settings=SETTINGS)
