"""Whatever an original was, what comes after reads HU on one kind of grid; faults leave one scan out and say why."""

from datetime import datetime

import nibabel
import numpy as np
import pytest

from ichdag.conversion import participant_scans
from ichdag.images import Volume, read_scan, write_image


def test_scan_mask_volume_and_spacing_are_recorded(convert, written, mask_file, brain_scan):
    volumes, record = convert({"baseline_ct": written(), "baseline_mask": mask_file()})
    assert record["baseline"]["status"] == "included" and record["baseline"]["spacing_mm"] == "2 x 2 x 5"
    assert record["baseline"]["manual_volume_ml"] == pytest.approx(brain_scan[1].volume_ml)
    assert set(volumes) == {"baseline_ct", "baseline_mask"}
    assert record["followup"]["reason"] == "no scan in the sheet"


@pytest.mark.parametrize("padding", [-1500, -2000, -3024])
def test_padding_around_the_round_field_of_view_is_air(convert, written, brain_scan, padding):
    values = brain_scan[0].values.copy()
    values[:6] = padding
    volumes, record = convert({"baseline_ct": written(values=values)})
    assert volumes["baseline_ct"].values.min() == -1024
    assert record["baseline"]["facts"]["padding_hu"] == padding
    assert record["baseline"]["facts"]["padding_fraction"] == pytest.approx(6 / 96, abs=1e-4)


def test_what_is_written_keeps_values_and_none_of_the_header(convert, written, tmp_path):
    path = written()
    image = nibabel.load(path)
    image.header["descrip"], image.header["db_name"] = b"DOE JANE 1950", b"DOE"
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"DOE JANE"))
    nibabel.save(image, tmp_path / "named.nii.gz")
    volumes, record = convert({"baseline_ct": tmp_path / "named.nii.gz"})
    write_image(volumes["baseline_ct"], tmp_path / "out.nii")
    assert b"DOE" not in (tmp_path / "out.nii").read_bytes() and "DOE" not in str(record)
    assert np.array_equal(read_scan(tmp_path / "out.nii").values, volumes["baseline_ct"].values)


def test_fractions_of_hu_are_kept(brain_scan, tmp_path):
    write_image(Volume(brain_scan[0].values + np.float32(0.25), brain_scan[0].affine), tmp_path / "out.nii.gz")
    assert np.array_equal(read_scan(tmp_path / "out.nii.gz").values, brain_scan[0].values + np.float32(0.25))


def test_nan_voxels_leave_the_scan_out_and_not_the_other_one(reason, written, brain_scan):
    values = brain_scan[0].values.copy()
    values[:2, 0, 0] = np.nan
    bad = written("bad.nii.gz", values=values, kind=np.float32)
    assert "2 voxels are NaN or infinite" in reason(bad, followup=written())


def test_a_mask_on_another_grid_leaves_the_scan_out_naming_both(reason, written, mask_file, brain_scan):
    other = Volume(brain_scan[1].values[:, :, 1:], brain_scan[1].affine)
    text = reason(written(), mask_file(other))
    assert "96 x 112 x 35 voxels" in text and "the scan has 96 x 112 x 36" in text


def test_a_mask_shifted_by_a_voxel_is_on_another_grid(reason, written, mask_file, brain_scan):
    moved = brain_scan[1].affine.copy()
    moved[0, 3] += 2
    assert "not on the scan's grid" in reason(written(), mask_file(Volume(brain_scan[1].values, moved)))


@pytest.mark.parametrize("change", [np.diag([1.003, 1.003, 1, 1]), np.diag([1, 1, 1.01, 1])])
def test_a_mask_of_slightly_other_spacing_is_on_another_grid(reason, written, mask_file, brain_scan, change):
    off = reason(written(), mask_file(Volume(brain_scan[1].values, brain_scan[0].affine @ change)))
    assert "not on the scan's grid: 96 x 112 x 36 voxels of 2" in off and "the scan has 96 x 112 x 36" in off
    mask_words, scan_words = off.split(", the scan has ")
    assert mask_words.split("of ")[1].split(" mm")[0] != scan_words.split("of ")[1].split(" mm")[0]


def test_a_mask_whose_header_is_rounded_is_on_the_scan_s_grid_and_measured_by_the_scan_s_voxels(
    convert, written, mask_file, brain_scan
):
    scan, mask = brain_scan
    volumes, record = convert(
        {
            "baseline_ct": written(),
            "baseline_mask": mask_file(Volume(mask.values, scan.affine @ np.diag([1.0003, 1, 1, 1]))),
        }
    )
    assert np.array_equal(volumes["baseline_mask"].affine, volumes["baseline_ct"].affine)
    assert record["baseline"]["manual_volume_ml"] == pytest.approx(np.count_nonzero(mask.values) * scan.voxel_ml)


def test_a_mask_on_another_grid_is_resampled_if_the_settings_say_so_and_the_record_tells(
    convert, written, mask_file, brain_scan
):
    fine = Volume(np.repeat(brain_scan[1].values, 2, axis=0), brain_scan[1].affine @ np.diag([0.5, 1, 1, 1]))
    fine.affine[0, 3] -= 0.5
    volumes, record = convert(
        {"baseline_ct": written(), "baseline_mask": mask_file(fine)}, masks_on_other_grids="resample"
    )
    assert np.array_equal(volumes["baseline_mask"].values, brain_scan[1].values)
    assert record["baseline"]["facts"]["mask_resampled_from"].startswith("192 x 112 x 36 voxels of 1 x 2 x 5 mm")


def test_an_empty_mask_leaves_the_scan_out(reason, written, mask_file, brain_scan):
    empty = Volume(np.zeros_like(brain_scan[1].values), brain_scan[1].affine)
    assert reason(written(), mask_file(empty)) == "manual mask is empty"


def test_a_lesion_below_the_limit_leaves_the_scan_out(reason, written, mask_file, brain_scan):
    dot = np.zeros_like(brain_scan[1].values)
    dot[40, 40, 18] = True
    assert "lesion of 0.020 mL is below 0.1 mL" in reason(written(), mask_file(Volume(dot, brain_scan[1].affine)))


def test_a_follow_up_that_is_the_baseline_again_is_left_out(convert, written, tmp_path):
    _, record = convert({"baseline_ct": written(), "followup_ct": written("again.nii")})
    assert record["baseline"]["status"] == "included"
    assert "same image as the baseline" in record["followup"]["reason"]


def test_a_follow_up_earlier_than_its_baseline_is_left_out(convert, written, brain_scan, monkeypatch):
    times = {"one": datetime(2020, 1, 2, 10), "two": datetime(2020, 1, 1, 10)}

    def drawn(path, *, series, settings, workdir):
        values = brain_scan[0].values + (series == "two")
        return conversion_of(Volume(values, brain_scan[0].affine), times[series])

    def conversion_of(volume, acquired):
        from ichdag.conversion.dicom import ConvertedSeries

        return ConvertedSeries(volume, {}, [], {"Acquisition": acquired})

    monkeypatch.setattr(participant_scans, "is_dicom", lambda path: True)
    monkeypatch.setattr(participant_scans, "convert_dicom", drawn)
    row = {"baseline_series": "one", "followup_series": "two"}
    _, record = convert({"baseline_ct": "a", "followup_ct": "b"}, row=row)
    assert "24.0 h earlier" in record["followup"]["reason"] and record["followup"]["facts"]["followup_hours"] == -24
    assert "2020" not in str(record)


def test_hours_that_the_sheet_states_count_before_those_of_the_headers(convert, written):
    _, record = convert({"baseline_ct": written()}, row={"followup_hours": 24.5, "onset_to_ct_hours": 2.0})
    assert record["followup"]["facts"]["followup_hours"] == 24.5
    assert record["baseline"]["facts"]["onset_to_ct_hours"] == 2.0
