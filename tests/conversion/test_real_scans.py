"""Real and physical heads go all the way: converted, checked, and kept or left out for the right reason."""

import tarfile

import nibabel
import numpy as np
import pytest

from ichdag.cohort.scans import check_scan
from ichdag.records import from_record
from ichdag.scan_records import ConversionRecord


@pytest.fixture(scope="module")
def data():
    """The folder of public scans beside the repository."""
    from pathlib import Path

    folder = Path(__file__).parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder shared/data with public scans is not beside the repository")
    return folder


@pytest.fixture
def end(convert, config):
    """The record of an original after conversion and the shipped checks, and the converted volume."""
    from ichdag.cohort.quality import QualitySettings

    settings = QualitySettings(**config["cohort"]["quality"], head_hu=config["preprocessing"]["head_hu"])

    def run(path):
        volumes, record = convert({"baseline_ct": path})
        scan = volumes.get("baseline_ct")
        converted = from_record(ConversionRecord, record).baseline
        return check_scan(scan, converted=converted, settings=settings), scan

    return run


def unpacked(archive, folder):
    with tarfile.open(archive) as stream:
        stream.extractall(folder, filter="data")
    return folder


def test_a_real_head_in_a_mask_on_a_table_is_kept_and_neither_moves_nor_has_streaks(data, end, tmp_path):
    folder = unpacked(data / "head_ct_real" / "head_neck_pt_1_brain_only.tar.xz", tmp_path)
    record, scan = end(folder)
    assert record.status == "included", record.reason
    assert scan.values.shape == (511, 511, 45) and record.spacing_mm == "1 x 1 x 3"
    values = {row["check"]: row["value"] for row in record.checks}
    assert values["motion_mm"] < 3 and values["streak_hu"] < 30
    assert 20 < values["brain_hu"] < 40 and values["covered_mm"] > 120 and values["vertex_cut"] < 0.1


def test_a_physical_phantom_has_no_brain_and_is_left_out(data, end, tmp_path):
    folder = unpacked(data / "head_ct_phantom" / "phantom_S21570_S2010.tar.xz", tmp_path)
    record, scan = end(folder)
    assert scan.values.shape == (512, 512, 28) and record.spacing_mm.endswith("x 5")
    assert record.status == "excluded" and "brain_hu" in record.reason


def test_a_tilted_scan_of_four_slices_is_left_out_as_too_short(data, end, tmp_path):
    folder = unpacked(data / "dicom_faults" / "dicom2nifti_failing.tar.xz", tmp_path)
    record, scan = end(folder / "failing" / "gantrytilting" / "001")
    assert record.status == "excluded" and scan is None and "slices" in record.reason


@pytest.mark.parametrize("name", ["sliceincrement/001", "sliceincrement/002", "notavolume/001"])
def test_series_without_a_volume_are_left_out(data, end, tmp_path, name):
    folder = unpacked(data / "dicom_faults" / "dicom2nifti_failing.tar.xz", tmp_path)
    record, scan = end(folder / "failing" / name)
    assert record.status == "excluded" and scan is None and record.reason


@pytest.mark.parametrize("name", ["DICOMDIR", "CT_small.dcm", "J2K_pixelrep_mismatch.dcm", "98892003"])
def test_discs_and_single_slices_are_left_out(data, end, name):
    record, scan = end(data / "dicom_faults" / "pydicom_ct" / name)
    assert record.status == "excluded" and scan is None and record.reason


def test_slope_and_intercept_of_a_tiny_file_give_its_hu_and_it_is_no_head(data, end, tmp_path):
    path = data / "hu_fixtures" / "ct3d_int16.nii"
    record, _ = end(path)
    assert "neither sform nor qform" in record.reason
    raw = bytearray(path.read_bytes())
    # the header's sform_code and srow_x, srow_y, srow_z
    raw[254:256] = (1).to_bytes(2, "little")
    raw[280:328] = np.eye(4, dtype="<f4")[:3].tobytes()
    (tmp_path / "placed.nii").write_bytes(raw)
    record, scan = end(tmp_path / "placed.nii")
    stored = np.asarray(nibabel.load(path).dataobj.get_unscaled(), dtype=float)
    expected = np.maximum(2 * stored - 1024, -1024)
    assert sorted(scan.values.ravel()) == sorted(expected.ravel())
    assert record.status == "excluded"


@pytest.mark.parametrize("name", ["ct_i16.dcm", "ct_u16.dcm", "ct_small.dcm"])
def test_tiny_dicom_files_are_no_scan(data, end, name):
    record, scan = end(data / "hu_fixtures" / name)
    assert record.status == "excluded" and scan is None


def test_a_mask_of_another_size_than_the_real_head_is_named_with_both_grids(data, convert, tmp_path):
    folder = unpacked(data / "head_ct_real" / "head_neck_pt_1_brain_only.tar.xz", tmp_path)
    mask = nibabel.Nifti1Image(np.ones((8, 8, 8), dtype=np.uint8), np.eye(4))
    nibabel.save(mask, tmp_path / "mask.nii")
    _, record = convert({"baseline_ct": folder / "hn_brain", "baseline_mask": tmp_path / "mask.nii"})
    reason = record["baseline"]["reason"]
    assert "8 x 8 x 8 voxels" in reason and "511 x 511 x 45" in reason
