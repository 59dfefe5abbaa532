"""The cube around the dilated lesion."""

import numpy as np
import pytest

from ichdag.images import Volume, write_absent, write_image
from ichdag.jobs import DataFault
from ichdag.latent.patches import PatchSettings, cut_batch, cut_patch

SETTINGS = PatchSettings(size=32, dilation_size=5, blank_outside=False, window_hu=[-20, 120], voxel_mm=2.0)


@pytest.fixture
def scan():
    """A scan of 1 x 1 x 4 mm, 80 x 80 x 20 voxels: 50 HU, 120 HU where y is beyond its middle, and a lesion's mask."""
    affine = np.diag([1.0, 1.0, 4.0, 1.0])
    affine[:3, 3] = [-40, -40, -40]
    values = np.full((80, 80, 20), 50.0, np.float32)
    values[:, 40:] = 120
    mask = np.zeros(values.shape, dtype=bool)
    mask[30:50, 35:45, 8:12] = True
    return Volume(values, affine), Volume(mask, affine)


def physical_edge_mm(inside, edge_mm):
    """Extent of the inside along each axis, given the patch's edge."""
    voxels = np.argwhere(inside)
    return (voxels.max(axis=0) - voxels.min(axis=0) + 1) * edge_mm / inside.shape[0]


def test_the_lesion_is_dilated_by_two_voxels_of_the_fine_grid_on_each_side(scan):
    _, inside = cut_patch(scan[0], mask=scan[1], settings=SETTINGS)
    # 20 x 10 x 16 mm, 4 mm more at each side: 28 x 18 x 24 mm in a cube of 28 mm, to one fine voxel
    assert physical_edge_mm(inside, 28) == pytest.approx([28, 18, 24], abs=2.5)


def test_a_larger_structuring_element_widens_the_view(scan):
    narrow = cut_patch(scan[0], mask=scan[1], settings=SETTINGS)[1].mean()
    wide = PatchSettings(**{**vars(SETTINGS), "dilation_size": 9})
    assert cut_patch(scan[0], mask=scan[1], settings=wide)[1].mean() > narrow


def test_the_patch_shows_the_scan_in_its_window(scan):
    patch, inside = cut_patch(scan[0], mask=scan[1], settings=SETTINGS)
    assert patch.shape == inside.shape == (32, 32, 32) and inside.dtype == bool
    assert patch[:, 2] == pytest.approx(np.full((32, 32), 0.5), abs=1e-3)
    assert patch[:, -3] == pytest.approx(np.ones((32, 32)), abs=1e-3)
    edge = np.argmax(patch.mean(axis=(0, 2)) > 0.75)
    assert edge == pytest.approx(16, abs=1)


def test_blanking_leaves_nothing_outside_the_dilated_lesion(scan):
    blank = PatchSettings(**{**vars(SETTINGS), "blank_outside": True})
    patch, inside = cut_patch(scan[0], mask=scan[1], settings=blank)
    assert (patch[~inside] == 0).all() and (patch[inside] > 0.4).all()


def test_a_lesion_of_one_voxel_has_a_patch(scan):
    mask = np.zeros_like(scan[1].values)
    mask[40, 40, 10] = True
    patch, inside = cut_patch(scan[0], mask=Volume(mask, scan[1].affine), settings=SETTINGS)
    assert inside.all() and np.isfinite(patch).all()


def test_a_lesion_at_the_border_sees_air_beyond_the_scan(scan):
    mask = np.zeros_like(scan[1].values)
    mask[0:10, 20:30, 0:4] = True
    patch, _ = cut_patch(scan[0], mask=Volume(mask, scan[1].affine), settings=SETTINGS)
    assert (patch[0] == 0).all() and patch.max() > 0.4


def test_the_patch_does_not_depend_on_how_the_scan_is_stored(scan):
    values, affine = scan[0].values, scan[0].affine.copy()
    flipped = affine @ np.array([[-1, 0, 0, 79], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    mask = Volume(scan[1].values[::-1], flipped)
    one = cut_patch(scan[0], mask=scan[1], settings=SETTINGS)
    other = cut_patch(Volume(values[::-1], flipped), mask=mask, settings=SETTINGS)
    assert other[0] == pytest.approx(one[0], abs=1e-4)
    assert np.array_equal(one[1], other[1])


def test_empty_masks_and_masks_on_another_grid_are_refused(scan):
    empty = Volume(np.zeros_like(scan[1].values), scan[1].affine)
    with pytest.raises(DataFault, match="empty"):
        cut_patch(scan[0], mask=empty, settings=SETTINGS)
    other = Volume(scan[1].values[:-1], scan[1].affine)
    with pytest.raises(DataFault, match="not on the scan's grid"):
        cut_patch(scan[0], mask=other, settings=SETTINGS)


def test_a_batch_goes_on_without_excluded_and_faulty_participants(scan, tmp_path):
    write_image(scan[0], tmp_path / "ct.nii.gz")
    write_image(scan[1], tmp_path / "mask.nii.gz")
    write_absent(tmp_path / "absent.nii.gz")
    write_absent(tmp_path / "excluded.nii.gz")
    ct, mask = tmp_path / "ct.nii.gz", tmp_path / "mask.nii.gz"
    files = [("A", ct, tmp_path / "absent.nii.gz"), ("B", tmp_path / "excluded.nii.gz", mask), ("C", ct, mask)]
    stored = dict(cut_batch(files, settings=SETTINGS))
    assert set(stored) == {"C/patch", "C/inside"}
    assert stored["C/patch"].dtype == np.float16 and stored["C/inside"].dtype == bool
