"""Bad scans and masks are left out with the reason, good ones measured."""

import gzip

import nibabel
import numpy as np
import pytest

from ichdag.cohort.scans import Settings, examine
from ichdag.images import Volume, write_image

SETTINGS = Settings(
    soft_tissue_hu=(0, 100),
    smallest_soft_tissue_fraction=0.05,
    air_hu=-500,
    bone_hu=300,
    smallest_head_ml=500,
    largest_spacing_mm=12,
    volumes="masks",
    smallest_lesion_ml=0.1,
)


@pytest.fixture
def files(head, tmp_path):
    """Write a scan and a mask, either of them changed by the test; return their paths."""

    def write(scan=None, mask=None):
        write_image(scan or head[0], tmp_path / "ct.nii.gz")
        write_image(mask or head[1], tmp_path / "mask.nii.gz")
        return str(tmp_path / "ct.nii.gz"), str(tmp_path / "mask.nii.gz")

    return write


def reason(ct, mask=None):
    record = examine(ct, mask=mask, settings=SETTINGS)
    assert record["status"] == "excluded"
    assert record["stage"] == "cohort"
    return record["reason"]


def test_a_good_scan_is_included_with_its_lesion_volume(files, head):
    ct, mask = files()
    record = examine(ct, mask=mask, settings=SETTINGS)
    assert record["status"] == "included" and record["reason"] is None
    assert record["manual_volume_ml"] == pytest.approx(head[1].values.sum() * 0.08)
    assert record["spacing_mm"] == "4 x 4 x 5"


def test_a_participant_without_a_scan_is_left_out():
    assert "no scan in the sheet" in reason(None)


def test_an_empty_scan_is_left_out(files, head):
    flat = Volume(np.zeros_like(head[0].values), head[0].affine)
    assert "every voxel is 0" in reason(files(scan=flat)[0])


def test_a_scan_scaled_to_0_255_is_left_out(files, head):
    values = np.interp(head[0].values, (-1000, 1000), (0, 255))
    assert "not in HU: values from 0 to 255" in reason(files(scan=Volume(values, head[0].affine))[0])


def test_a_truncated_file_is_left_out(files, tmp_path):
    ct, _ = files()
    whole = (tmp_path / "ct.nii.gz").read_bytes()
    (tmp_path / "ct.nii.gz").write_bytes(whole[: len(whole) // 2])
    assert "cannot be read as NIfTI" in reason(ct)


def test_a_file_that_is_no_image_is_left_out(tmp_path):
    (tmp_path / "ct.nii.gz").write_bytes(gzip.compress(b"patient list"))
    assert "cannot be read as NIfTI" in reason(str(tmp_path / "ct.nii.gz"))


def test_nan_intensities_are_left_out(head, tmp_path):
    values = head[0].values.copy()
    values[:5] = np.nan
    image = nibabel.Nifti1Image(values, head[0].affine)
    image.set_sform(head[0].affine, code=1)
    nibabel.save(image, tmp_path / "ct.nii.gz")
    assert f"{5 * 44 * 36} voxels are NaN" in reason(str(tmp_path / "ct.nii.gz"))


def test_a_scan_without_geometry_is_left_out(head, tmp_path):
    image = nibabel.Nifti1Image(head[0].values, None)
    nibabel.save(image, tmp_path / "ct.nii.gz")
    assert "voxel spacing is not known" in reason(str(tmp_path / "ct.nii.gz"))


def test_thick_slices_are_left_out(files, head):
    coarse = Volume(head[0].values, head[0].affine @ np.diag([1, 1, 4, 1]))
    assert "limit 12" in reason(files(scan=coarse)[0])


def test_a_mask_on_another_grid_is_left_out_naming_both_grids(files, head):
    other = Volume(head[1].values[:-1], head[1].affine)
    text = reason(*files(mask=other))
    assert "(43, 44, 36)" in text and "(44, 44, 36)" in text


def test_an_empty_mask_is_left_out(files, head):
    assert "manual mask is empty" in reason(*files(mask=Volume(np.zeros_like(head[1].values), head[1].affine)))


def test_a_lesion_below_the_limit_is_left_out(files, head):
    values = np.zeros_like(head[1].values)
    values[20, 20, 18] = True
    assert "below 0.1 mL" in reason(*files(mask=Volume(values, head[1].affine)))


def test_the_orientation_on_disk_does_not_matter(head, tmp_path):
    flipped = nibabel.Nifti1Image(head[0].values[::-1].astype(np.int16), head[0].affine @ _flip(44))
    flipped.set_sform(flipped.affine, code=1)
    nibabel.save(flipped, tmp_path / "ct.nii.gz")
    write_image(head[1], tmp_path / "mask.nii.gz")
    record = examine(str(tmp_path / "ct.nii.gz"), mask=str(tmp_path / "mask.nii.gz"), settings=SETTINGS)
    assert record["status"] == "included"


def _flip(size):
    flip = np.diag([-1.0, 1, 1, 1])
    flip[0, 3] = size - 1
    return flip
