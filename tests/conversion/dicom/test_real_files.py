"""Public DICOM files beside the repository: each ends with right geometry and HU, or left out for its reason."""

import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from scipy.ndimage import map_coordinates

from ichdag.images import Volume, read_scan

DATA = Path(__file__).parents[4] / "shared" / "data"
FEW = {"min_slices": 3, "min_coverage_mm": 0}


@pytest.fixture(scope="module")
def data():
    """The folder of public files."""
    if not (DATA / "dicom_faults").is_dir():
        pytest.skip("the folder shared/data with public DICOM files is not beside the repository")
    return DATA


@pytest.fixture(scope="module")
def unpacked(data, tmp_path_factory):
    """The folders that are kept as archives."""
    folder = tmp_path_factory.mktemp("unpacked")
    names = ("dicom_faults/dicom2nifti_failing", "head_ct_real/head_neck_pt_1_brain_only")
    for name in (*names, "head_ct_phantom/phantom_S21570_S2010"):
        with tarfile.open(data / f"{name}.tar.xz") as archive:
            archive.extractall(folder, filter="data")
    return folder


def assert_each_slice_is_where_its_header_says(volume, folder):
    """Compare an upright volume with every file's own pixels and position."""
    to_voxel = np.linalg.inv(volume.affine)
    count = 0
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or not pydicom.misc.is_dicom(file):
            continue
        header = pydicom.dcmread(file)
        if "PixelData" not in header:
            continue
        row, column = np.reshape(header.ImageOrientationPatient, (2, 3)).astype(float)
        edges = [float(edge) for edge in header.PixelSpacing]
        i, j = np.meshgrid(np.arange(header.Rows), np.arange(header.Columns), indexing="ij")
        lps = np.array(header.ImagePositionPatient, dtype=float)
        lps = lps + i[..., None] * edges[0] * column + j[..., None] * edges[1] * row
        positions = (lps * [-1, -1, 1]) @ to_voxel[:3, :3].T + to_voxel[:3, 3]
        assert np.abs(positions - np.rint(positions)).max() < 0.02
        values = volume.values[tuple(np.moveaxis(np.rint(positions).astype(int), -1, 0))]
        hu = header.pixel_array * float(header.RescaleSlope) + float(header.RescaleIntercept)
        assert np.array_equal(values, np.maximum(hu, -1024).astype(np.float32))
        count += 1
    assert count == volume.values.shape[2]


def sampled(volume, other):
    """`volume` at the voxels of `other`, linear, NaN outside."""
    index = np.stack(np.meshgrid(*map(np.arange, other.values.shape), indexing="ij"), axis=-1)
    world = index @ other.affine[:3, :3].T + other.affine[:3, 3]
    inverse = np.linalg.inv(volume.affine)
    places = np.moveaxis(world @ inverse[:3, :3].T + inverse[:3, 3], -1, 0)
    last = np.reshape(volume.values.shape, (3, 1, 1, 1)) - 1
    outside = ((places < -0.01) | (places > last + 0.01)).any(axis=0)
    return np.where(outside, np.nan, map_coordinates(volume.values, places, order=1, mode="nearest"))


def by_dcm2niix(folder, out):
    """What dcm2niix itself makes of a folder, tilt and spacing corrected by its own code."""
    command = [
        "dcm2niix",
        "-g",
        "i",
        "-b",
        "n",
        "-z",
        "n",
        "-m",
        "y",
        "-f",
        "ct",
        "-w",
        "1",
        "-o",
        str(out),
        str(folder),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return read_scan(sorted(out.glob("ct_*.nii"))[-1])


@pytest.mark.parametrize(("name", "slices", "step"), [("hn_brain", 45, 3), ("S21570", 28, 5)])
def test_real_heads_are_converted_voxel_for_voxel(unpacked, convert, name, slices, step):
    done = convert(unpacked / name)
    assert done.volume.values.shape[2] == slices and done.volume.spacing_mm[2] == pytest.approx(step)
    assert not done.facts["sheared"] and not done.facts["resampled"]
    assert_each_slice_is_where_its_header_says(done.volume, unpacked / name)


def test_a_tilted_real_scan_is_sheared_as_dcm2niix_shears_it(unpacked, convert, tmp_path):
    folder = unpacked / "failing/gantrytilting/001"
    done = convert(folder, **FEW)
    assert done.facts["tilt_degrees"] == pytest.approx(14, abs=0.01) and done.facts["sheared"]
    peer = by_dcm2niix(folder, tmp_path)
    assert np.allclose(done.volume.spacing_mm, peer.spacing_mm, atol=1e-3)
    mine = sampled(done.volume, peer)
    inside = np.isfinite(mine)
    assert inside.mean() > 0.95 and np.abs(mine - peer.values)[inside].mean() < 1
    assert np.corrcoef(mine[inside], peer.values[inside])[0, 1] > 0.98


def test_a_missing_slice_is_noticed_and_interpolated_only_when_told(unpacked, convert, reason):
    folder = unpacked / "failing/sliceincrement/001"
    assert reason(folder, **FEW).startswith("uneven slice positions: steps from 5 to 10 mm, as if 1 were missing")
    done = convert(folder, resample_variable_spacing=True, **FEW)
    assert done.volume.values.shape == (512, 512, 5) and done.volume.spacing_mm[2] == pytest.approx(5, abs=1e-4)
    assert done.volume.affine[2, 3] == pytest.approx(18.1075)


def test_tilt_with_uneven_steps_is_mended_as_dcm2niix_and_the_reference_have_it(unpacked, convert, reason, tmp_path):
    folder = unpacked / "failing/sliceincrement/002"
    assert reason(folder, **FEW).startswith("uneven slice positions")
    done = convert(folder, resample_variable_spacing=True, **FEW)
    assert done.facts["tilt_degrees"] == pytest.approx(15.5, abs=0.01) and done.volume.values.shape == (512, 514, 5)
    # Slices 0.778 mm apart along the table are 0.778 cos 15.5 apart along their normal.
    assert done.volume.spacing_mm[2] == pytest.approx(0.778 * np.cos(np.radians(15.5)), abs=1e-3)
    peer = by_dcm2niix(folder, tmp_path)
    assert np.abs(sampled(done.volume, peer) - peer.values).mean() < 1
    # The reference has its planes 0.778 mm apart and interpolates along the table; these pixels are noise, so the two
    # are alike only where each voxel is at the same place.
    reference = read_scan(unpacked / "failing/sliceincrement/002_ground_truth.nii.gz")
    for plane in range(1, 5):
        likeness = {}
        for step in ((0, 0, 0), (1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0)):
            moved = reference.affine.copy()
            moved[:3, 3] += moved[:3, :3] @ step
            mine = sampled(done.volume, Volume(reference.values, moved))[..., plane]
            theirs = reference.values[..., plane]
            inside = np.isfinite(mine) & (theirs < 0)  # the reference pads with 0
            likeness[step] = np.corrcoef(mine[inside], theirs[inside])[0, 1]
        assert likeness.pop((0, 0, 0)) > 0.8 and max(likeness.values()) < 0.65


def test_slices_all_at_one_place_are_left_out(unpacked, reason):
    assert reason(unpacked / "failing/notavolume/001", **FEW).startswith("slices all at one place: 4 of them")


def test_a_disc_of_several_patients_is_left_out(data, reason):
    for path in (data / "dicom_faults/pydicom_ct", data / "dicom_faults/pydicom_ct/DICOMDIR"):
        assert reason(path).startswith("several patients")


def test_head_ct_beside_radiographs_with_slices_missing_is_left_out(data, reason):
    text = reason(data / "dicom_faults/pydicom_ct/77654033", **FEW)
    assert text.startswith("uneven slice positions: steps from 1.25 to 202.5 mm")
    assert "not CT: modality CR (series 1, 2, 3)" in text
    words = reason(data / "dicom_faults/pydicom_ct/77654033", resample_variable_spacing=True, **FEW)
    assert words.startswith("gap between slices too large")


def test_a_gated_scan_beside_its_scouts_is_converted_voxel_for_voxel(data, convert):
    done = convert(data / "dicom_faults/pydicom_ct/98892001", **FEW)
    assert [record["reason"] is None for record in done.series] == [False, False, True]
    assert_each_slice_is_where_its_header_says(done.volume, data / "dicom_faults/pydicom_ct/98892001/CT5N")


def test_magnetic_resonance_is_left_out(data, reason):
    assert reason(data / "dicom_faults/pydicom_ct/98892003") == "not CT: modality MR (series 1, 2, 700)"


def test_an_enhanced_perfusion_map_is_left_out_and_readable_when_named(data, convert, reason):
    path = data / "dicom_faults/pydicom_ct/eCT_Supplemental.dcm"
    assert reason(path) == "not an original axial image: image type DERIVED (series 3)"
    done = convert(path, series="3", min_slices=2)
    frames = pydicom.dcmread(path).pixel_array * 1.0 - 1024  # at -159, then at -149 mm; rows run to the right
    wanted = frames.transpose(2, 1, 0)[:, ::-1]
    assert done.volume.values.shape == (512, 512, 2)
    assert done.volume.affine[2, 3] == pytest.approx(-159)
    assert np.array_equal(done.volume.values, np.maximum(wanted, -1024))


def test_single_slices_are_left_out(data, reason):
    for name in ("CT_small.dcm", "J2K_pixelrep_mismatch.dcm"):
        assert reason(data / "dicom_faults/pydicom_ct" / name).startswith("too few slices: 1")
    assert reason(data / "hu_fixtures/ct_small.dcm").startswith("too few slices: 1")


def test_files_that_say_they_are_secondary_captures_are_left_out(data, reason):
    for name in ("ct_i16.dcm", "ct_u16.dcm"):
        assert reason(data / "hu_fixtures" / name).startswith("secondary capture")


def test_jpeg_2000_with_another_sign_than_the_header_has_the_right_hu(data, convert, tmp_path):
    header = pydicom.dcmread(data / "dicom_faults/pydicom_ct/J2K_pixelrep_mismatch.dcm")
    wanted = header.pixel_array.copy()
    assert wanted.min() == -2000  # padding that no tag declares
    normal = np.cross(*np.reshape(header.ImageOrientationPatient, (2, 3)).astype(float))
    first = np.array(header.ImagePositionPatient, dtype=float)
    for index in range(4):
        header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{index}"
        header.ImagePositionPatient = [f"{value:.6f}" for value in first + 5 * index * normal]
        header.save_as(tmp_path / f"{index}.dcm")
    done = convert(tmp_path, **FEW)
    plane = done.volume.values[..., 1][::-1, ::-1].T
    assert np.array_equal(plane, np.maximum(wanted, -1024))
    assert done.facts["padding_voxels"] == 4 * np.count_nonzero(wanted < -1024)
    assert done.facts["tilt_tag_degrees"] == -22 and not done.facts["sheared"]


def test_a_real_slice_repeated_has_its_own_hu(data, convert, tmp_path):
    header = pydicom.dcmread(data / "dicom_faults/pydicom_ct/CT_small.dcm")
    first = float(header.ImagePositionPatient[2])
    for index in range(4):
        header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{index}"
        header.ImagePositionPatient[2] = first + 5 * index
        header.save_as(tmp_path / f"{index}.dcm")
    done = convert(tmp_path, **FEW)
    assert (done.volume.values.min(), done.volume.values.max()) == (-896, 1167)
    assert_each_slice_is_where_its_header_says(done.volume, tmp_path)
