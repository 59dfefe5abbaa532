"""The grids share one field of view, keep world positions, sizes and windowed values."""

import numpy as np
import pytest

from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.preprocessing import Settings, make_grids

SETTINGS = Settings(grid=48, field_of_view_mm=186, window_hu=(-20, 120), head_hu=-300)


def test_the_coarse_grid_is_the_fine_one_at_half_resolution(head):
    grids = make_grids(head[0], mask=None, settings=SETTINGS)
    assert grids["fine"].shape == (48, 48, 48) and grids["coarse"].shape == (24, 24, 24)
    assert grids["coarse"].astype(float).mean() == pytest.approx(grids["fine"].astype(float).mean(), abs=1e-3)
    assert "mask" not in grids


def test_the_lesion_keeps_its_volume_and_place(head):
    scan, mask = head
    grids = make_grids(scan, mask=mask, settings=SETTINGS)
    assert grids["mask"].sum() * 3.875**3 / 1000 == pytest.approx(mask.volume_ml, rel=0.05)
    native = scan.affine[:3, :3] @ np.argwhere(mask.values).mean(axis=0) + scan.affine[:3, 3]
    found = grids["affine"][:3, :3] @ np.argwhere(grids["mask"]).mean(axis=0) + grids["affine"][:3, 3]
    assert np.abs(found - native).max() < 1.0


def test_values_are_hu_in_the_window(head):
    grids = make_grids(head[0], mask=head[1], settings=SETTINGS)
    inside = grids["fine"][grids["mask"]].astype(float)
    assert np.median(inside) == pytest.approx((65 + 20) / 140, abs=0.03)
    assert grids["fine"].min() == 0 and grids["fine"].max() == 1


def test_the_cube_is_centered_on_the_head_wherever_it_lies(head):
    scan, mask = head
    far = np.array(scan.affine)
    far[:3, 3] += [300, -50, 1200]
    here = make_grids(scan, mask=mask, settings=SETTINGS)
    there = make_grids(Volume(scan.values, far), mask=Volume(mask.values, far), settings=SETTINGS)
    assert np.array_equal(here["fine"], there["fine"])


def test_a_scan_of_air_has_no_head(head):
    with pytest.raises(DataFault, match="no head in the scan"):
        make_grids(Volume(np.full_like(head[0].values, -1000), head[0].affine), mask=None, settings=SETTINGS)
