"""NIfTI originals: geometry is read, reconciled or refused; values are HU whatever they are stored in."""

import gzip

import nibabel
import numpy as np
import pytest

from ichdag.cohort.quality import apply_limits, describe_checks, measure_quality
from ichdag.conversion.affines import shear_upright
from ichdag.conversion.nifti import read_nifti_scan, read_original_mask
from ichdag.images import Volume, same_grid
from ichdag.jobs import DataFault


@pytest.mark.parametrize("kind", [np.int16, np.float32, np.float64, np.int32])
def test_values_are_the_same_whatever_they_are_stored_in(written, brain_scan, kind):
    scan, _ = read_nifti_scan(written(kind=kind))
    assert np.array_equal(scan.values, brain_scan[0].values) and np.allclose(scan.affine, brain_scan[0].affine)


def test_slope_and_intercept_are_applied(written, brain_scan):
    stored = (brain_scan[0].values + 1024) / 2
    scan, _ = read_nifti_scan(written(values=stored, kind=np.uint16, slope=(2, -1024)))
    assert np.abs(scan.values - brain_scan[0].values).max() <= 2


@pytest.mark.parametrize("code", ["LAS", "LPS", "RSA", "PIR", "ASL"])
def test_any_orientation_comes_out_nearest_to_ras_with_every_voxel_in_its_place(written, brain_scan, code, tmp_path):
    image = nibabel.load(written())
    ends = nibabel.orientations.axcodes2ornt(tuple(code))
    turned = image.as_reoriented(nibabel.orientations.ornt_transform(nibabel.io_orientation(image.affine), ends))
    nibabel.save(turned, tmp_path / "turned.nii.gz")
    scan, _ = read_nifti_scan(tmp_path / "turned.nii.gz")
    assert same_grid(scan, brain_scan[0]) and np.array_equal(scan.values, brain_scan[0].values)


def test_an_oblique_affine_is_kept(written):
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]]
    affine = turn @ np.diag([2.0, 2, 5, 1])
    scan, _ = read_nifti_scan(written(affine=affine))
    assert np.allclose(scan.affine, affine, atol=1e-4)


def test_4d_with_one_volume_is_that_volume(written, brain_scan):
    scan, _ = read_nifti_scan(written(values=brain_scan[0].values[..., None]))
    assert scan.values.shape == brain_scan[0].values.shape


def test_a_qform_that_only_lies_elsewhere_is_noted_and_the_sform_counts(written, brain_scan):
    moved = brain_scan[0].affine.copy()
    moved[:3, 3] += 7
    scan, notes = read_nifti_scan(written(qform=moved))
    assert np.allclose(scan.affine, brain_scan[0].affine) and notes["qform_differs_mm"] == round(7 * 3**0.5, 2)


def test_the_noted_distance_of_a_turned_qform_is_that_of_the_corner_it_moves_most(written, brain_scan):
    scan = brain_scan[0]
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.01), -np.sin(0.01)], [np.sin(0.01), np.cos(0.01)]]
    reach = scan.affine @ np.array([*(np.array(scan.values.shape) - 0.5), 1])
    other = scan.affine @ np.array([-0.5, -0.5, -0.5, 1])
    furthest = max(np.hypot(x, y) for x in (reach[0], other[0]) for y in (reach[1], other[1]))
    notes = read_nifti_scan(written(qform=turn @ scan.affine))[1]
    assert notes["qform_differs_mm"] == pytest.approx(2 * np.sin(0.005) * furthest, abs=0.01)


def turned(degrees):
    turn, angle = np.eye(4), np.radians(degrees)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return turn


def test_a_qform_of_other_axes_is_told_by_how_far_it_puts_a_corner_off(written, brain_scan, limits):
    """Half the diagonal of 96 x 112 voxels of 2 mm is 147.5 mm: turned by 0.9 degrees 2.3 mm, 0.9 % larger 1.3 mm."""
    affine, reach = brain_scan[0].affine, np.hypot(96, 112)
    moved = affine.copy()
    moved[:3, 3] += 7
    cases = {
        "turned": (2 * reach * np.sin(np.radians(0.45)), turned(0.9) @ affine),
        "larger": (0.009 * reach, affine @ np.diag([1.009, 1.009, 1, 1])),
        "moved": (0, moved),
        "rounded": (0, affine @ np.diag([1.0001, 1.0001, 1, 1])),
    }
    for wanted, qform in cases.values():
        scan, notes = read_nifti_scan(written(qform=qform))
        assert notes["axes_differ_mm"] == pytest.approx(wanted, abs=0.02) and np.allclose(scan.affine, affine)
        rows = apply_limits(measure_quality(scan, facts=notes, settings=limits), settings=limits)
        warnings = [words for words in describe_checks(rows, "warned") if "axes_differ_mm" in words]
        assert len(warnings) == (wanted > 0) and all("disagree on the axes" in words for words in warnings)
    assert "axes_differ_mm" not in read_nifti_scan(written(codes=(0, 1)))[1]


def test_a_tilt_that_a_qform_cannot_hold_is_no_difference_of_axes(written, brain_scan):
    sheared = brain_scan[0].affine.copy()
    sheared[1, 2] = np.tan(np.radians(15)) * 5
    assert read_nifti_scan(written(affine=sheared, qform=brain_scan[0].affine))[1]["axes_differ_mm"] == 0


def test_a_qform_alone_serves(written, brain_scan):
    scan, notes = read_nifti_scan(written(codes=(1, 0)))
    assert np.allclose(scan.affine, brain_scan[0].affine, atol=1e-4) and notes["affine"] == "qform"


@pytest.mark.parametrize("degrees", [-18.0, 21.801409])
def test_a_tilt_in_the_affine_is_sheared_straight_and_shapes_keep_volume_and_place(degrees):
    shape, spacing, center, radius = (90, 90, 30), np.array([1.0, 1.0, 4.0]), np.array([3.0, 5.0, -6.0]), 22.0
    affine = np.diag([*spacing, 1.0])
    affine[1, 2] = np.tan(np.radians(degrees)) * spacing[2]
    affine[:3, 3] = -affine[:3, :3] @ (np.array(shape) - 1) / 2
    places = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1) @ affine[:3, :3].T + affine[:3, 3]
    away = np.linalg.norm(places - center, axis=-1)
    notes = {}
    tilted = Volume(np.where(away < radius, 60.0, -1000.0).astype(np.float32), affine)
    straight = shear_upright(tilted, outside=-1024, order=1, notes=notes)
    lesion = straight.values > -470
    mask = shear_upright(Volume(away < radius, affine), outside=0, order=0, notes={})
    axes = straight.affine[:3, :3] / straight.spacing_mm
    assert np.allclose(axes.T @ axes, np.eye(3), atol=1e-6) and notes["tilt_degrees"] == pytest.approx(
        abs(degrees), abs=0.01
    )
    assert same_grid(mask, straight)
    for values in (lesion, mask.values):
        volume = np.count_nonzero(values) * straight.voxel_ml
        middle = straight.affine[:3, :3] @ np.argwhere(values).mean(axis=0) + straight.affine[:3, 3]
        assert volume == pytest.approx(4 / 3 * np.pi * radius**3 / 1000, rel=0.02)
        assert np.abs(middle - center).max() < 0.5


def write_nrrd(mask, path):
    """Write a mask as SimpleITK does, its voxels packed by gzip."""
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(mask.values.astype(np.uint8).T)
    image.SetSpacing(mask.spacing_mm.tolist())
    image.SetOrigin((np.diag([-1, -1, 1]) @ mask.affine[:3, 3]).tolist())
    image.SetDirection([-1, 0, 0, 0, -1, 0, 0, 0, 1])
    sitk.WriteImage(image, str(path), useCompression=True)


def test_a_nrrd_mask_is_read_on_the_same_grid(brain_scan, tmp_path):
    write_nrrd(brain_scan[1], tmp_path / "mask.seg.nrrd")
    mask = read_original_mask(tmp_path / "mask.seg.nrrd")
    assert same_grid(mask, brain_scan[1]) and np.array_equal(mask.values, brain_scan[1].values)


@pytest.mark.parametrize("apart", [False, True], ids=["attached", "apart"])
def test_a_packed_nrrd_mask_with_one_wrong_bit_is_refused_or_read_as_it_was(apart, brain_scan, tmp_path):
    path, part = tmp_path / "mask.nrrd", tmp_path / "mask.nrrd"
    write_nrrd(brain_scan[1], path)
    if apart:
        path, part = tmp_path / "mask.nhdr", tmp_path / "mask.raw.gz"
        write_nrrd(brain_scan[1], path)
    content, refusals = part.read_bytes(), 0
    begin = 0 if apart else content.index(b"\n\n") + 2
    for place in np.random.default_rng(1).integers(begin, len(content), 60):
        wrong = bytearray(content)
        wrong[place] ^= 1 << place % 8
        part.write_bytes(wrong)
        try:
            assert np.array_equal(read_original_mask(path).values, brain_scan[1].values)
        except DataFault as fault:
            refusals += 1
            assert "cannot be read as NRRD: it is damaged" in fault.reason
    assert refusals > 50  # what is left stands in the head of the stream: its date, its system
    whole = gzip.decompress(content[begin:])
    for voxels in (content[begin:-6], gzip.compress(whole[:-1]), gzip.compress(whole + b"0")):
        part.write_bytes(content[:begin] + voxels)
        with pytest.raises(DataFault, match="cannot be read as NRRD: it is damaged"):
            read_original_mask(path)


def refused(path, *words):
    with pytest.raises(DataFault) as caught:
        read_nifti_scan(path)
    assert caught.value.stage == "cohort" and all(word in caught.value.reason for word in words), caught.value.reason


def test_neither_qform_nor_sform_is_refused(written):
    refused(written(codes=(0, 0)), "where its voxels lie is not known")


def test_qform_and_sform_of_different_voxel_sizes_are_refused_with_both(written, brain_scan):
    other = brain_scan[0].affine @ np.diag([1, 1, 0.5, 1])
    refused(written(qform=other), "disagree on the voxel size", "2.5", "5.0")


def test_several_volumes_are_refused(written, brain_scan):
    refused(written(values=np.stack([brain_scan[0].values] * 2, axis=-1)), "several volumes", "(96, 112, 36, 2)")


def test_a_single_slice_is_refused(written, brain_scan):
    refused(written(values=brain_scan[0].values[..., :1]), "not a 3D volume")


def test_colors_are_refused(tmp_path):
    kind = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
    image = nibabel.Nifti1Image(np.zeros((8, 8, 8), dtype=kind), np.eye(4))
    nibabel.save(image, tmp_path / "ct.nii")
    refused(tmp_path / "ct.nii", "colors")


def test_rows_and_columns_that_are_not_perpendicular_are_refused(written, brain_scan):
    skewed = brain_scan[0].affine.copy()
    skewed[0, 1] = 0.5
    refused(written(affine=skewed), "not perpendicular")


def test_a_truncated_file_is_refused(written):
    path = written()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(path, "cannot be read as NIfTI")


def test_a_file_that_is_no_image_is_refused(tmp_path):
    (tmp_path / "ct.nii.gz").write_bytes(gzip.compress(b"patient list"))
    refused(tmp_path / "ct.nii.gz", "cannot be read as NIfTI")


@pytest.mark.parametrize("content", [b"", b"patient list", gzip.compress(b"patient list", mtime=0)])
@pytest.mark.parametrize("name", ["doe_john.nii", "doe_john.nii.gz", "doe_john.nrrd", "doe_john"])
def test_no_reason_repeats_the_name_of_an_original_which_may_be_a_patient_s(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    for read in (read_nifti_scan, read_original_mask):
        with pytest.raises(DataFault) as caught:
            read(tmp_path / name)
        assert "doe" not in caught.value.reason and str(tmp_path) not in caught.value.reason


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "ct.nii").touch()
    refused(tmp_path / "ct.nii", "cannot be read as NIfTI")


def test_a_mask_with_more_than_two_values_is_refused(written, brain_scan):
    labels = brain_scan[1].values.astype(np.int16)
    labels[0, 0, 0] = 3
    with pytest.raises(DataFault, match="more than two values"):
        read_original_mask(written(values=labels))
