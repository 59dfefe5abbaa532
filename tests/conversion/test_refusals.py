"""Originals that claim, hide or contradict: what they are is found out before they cost memory, and told by name."""

import gzip
import re
import resource
import struct
import subprocess
import sys

import nibabel
import numpy as np
import pydicom
import pytest
from nibabel.filebasedimages import ImageFileError

from ichdag.conversion.affines import shear_upright
from ichdag.conversion.nifti import _explain_error, read_nifti_scan, read_original_mask
from ichdag.images import Volume, same_grid
from ichdag.jobs import DataFault

PIXDIM, UNITS, OFFSET, SIZES, BITS = 76, 123, 108, 40, 72  # places of fields in a NIfTI-1 header


@pytest.fixture
def patched(written):
    """Write the drawn scan with some bytes of its header overwritten: (place, format, values)."""

    def write(*changes, name="ct.nii", **how):
        path = written("plain.nii", **how)
        content = bytearray(path.read_bytes())
        for place, kind, *values in changes:
            struct.pack_into(kind, content, place, *values)
        (path.parent / name).write_bytes(gzip.compress(bytes(content), 1) if name.endswith("gz") else content)
        return path.parent / name

    return write


def refused(path, words, read=read_nifti_scan):
    with pytest.raises(DataFault, match=words) as caught:
        read(path)
    assert caught.value.stage == "cohort"


@pytest.mark.parametrize("name", ["f.nii", "y.nii", "it.nii.gz", "DOE_JANE.nii.gz"])
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda content: b"12" * 300 + content[600:], "its first bytes are no NIfTI header"),
        (lambda content: content[:20_000], "it is shorter than its header says"),
        (lambda content: content[:256] + struct.pack("<3f", 9, 9, 9) + content[268:], "its qform gives no direction"),
        (lambda content: content[:70] + struct.pack("<h", 99) + content[72:], "its datatype is none of NIfTI"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_why_whatever_its_name(patched, name, damage, words):
    path = patched(name="whole.nii")
    content = damage(path.read_bytes())
    path = path.parent / name
    path.write_bytes(gzip.compress(content, 1) if name.endswith("gz") else content)
    refused(path, f"cannot be read as NIfTI: {words}")


def test_a_name_is_not_told_with_what_an_error_says():
    error = ImageFileError("Cannot work out file type of DOE_JANE.nii at byte 3")
    assert _explain_error(error, "/data/DOE_JANE.nii") == "it is damaged or something else"
    assert _explain_error(error, "/data/E.nii") == str(error)
    assert _explain_error(ValueError("matmul: a mismatch"), "/data/E.nii") == "it is damaged or something else"


@pytest.mark.parametrize("size", [0.0, np.nan, np.inf])
def test_a_voxel_size_that_is_none_is_not_made_1_mm(patched, size):
    refused(patched((PIXDIM + 12, "<f", size), codes=(1, 0)), "does not say how large its voxels are: pixdim 2 x 2 x")


def test_a_voxel_size_that_is_none_does_not_matter_where_the_sform_alone_places_voxels(patched, brain_scan):
    scan, _ = read_nifti_scan(patched((PIXDIM + 12, "<f", 0.0), codes=(0, 1)))
    assert same_grid(scan, brain_scan[0])


@pytest.mark.parametrize(("unit", "factor"), [(1, 0.001), (2, 1), (3, 1000), (0, 1)])
def test_lengths_are_read_in_the_unit_that_the_header_names(patched, brain_scan, unit, factor):
    affine = np.diag([factor, factor, factor, 1]) @ brain_scan[0].affine
    scan, _ = read_nifti_scan(patched((UNITS, "<B", unit | 8), affine=affine))
    assert same_grid(scan, brain_scan[0])


@pytest.mark.parametrize(
    ("unit", "found"), [(3, "0.002 x 0.002 x 0.005 mm"), (1, "2000 x 2000 x 5000 mm"), (5, "2 is mm")]
)
def test_a_unit_that_gives_no_voxel_of_a_ct_is_refused(patched, unit, found):
    refused(patched((UNITS, "<B", unit)), found)


def turn(degrees, axes=(0, 1)):
    """A rotation within the plane of two axes (4, 4)."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(4)
    matrix[np.ix_(axes, axes)] = [[c, -s], [s, c]]
    return matrix


@pytest.mark.parametrize(
    ("change", "degrees"),
    [
        (np.diag([-1.0, 1, 1, 1]), 180),
        (np.diag([1.0, -1, 1, 1]), 180),
        (np.diag([-1.0, -1, 1, 1]), 180),
        (turn(90), 90),
        (turn(12, axes=(1, 2)), 12),
    ],
)
def test_a_qform_mirrored_or_turned_against_the_sform_is_refused(written, brain_scan, change, degrees):
    refused(
        written(qform=change @ brain_scan[0].affine), f"mirrored or turned against each other, an axis by {degrees}"
    )


@pytest.mark.parametrize("nearest", [True, False])
def test_a_tilt_that_only_the_sform_can_hold_is_no_contradiction(written, brain_scan, nearest):
    """Programs that use nibabel write the qform of the nearest perpendicular axes, others that of the tilted ones."""
    tilted = brain_scan[0].affine.copy()
    tilted[1, 2] = np.tan(np.radians(15)) * 5
    scan, notes = read_nifti_scan(written(affine=tilted, qform=tilted if nearest else brain_scan[0].affine))
    assert notes["tilt_degrees"] == pytest.approx(15, abs=0.01)
    assert np.allclose(scan.spacing_mm, [2, 2, 5], atol=1e-3)


@pytest.mark.parametrize("value", [0.0, 348.0])
def test_voxels_that_begin_within_the_header_are_refused(patched, value):
    refused(patched((OFFSET, "<f", value)), "begin at byte 0|too low")


@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz"])
@pytest.mark.parametrize("slices", [17, 35])
def test_a_header_that_says_less_than_the_file_holds_is_refused(patched, name, slices):
    refused(patched((SIZES + 6, "<h", slices), name=name), "the scan cannot be read as NIfTI: it is longer than its")


@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz"])
@pytest.mark.parametrize(("filling", "words"), [(512, None), (4096, None), (4097, "longer than its header says")])
def test_a_block_that_is_filled_up_behind_the_voxels_does_not_matter(patched, brain_scan, name, filling, words):
    path = patched(name="whole.nii")
    content = path.read_bytes() + bytes(filling)
    path = path.parent / name
    path.write_bytes(gzip.compress(content, 1) if name.endswith("gz") else content)
    if words:
        refused(path, words)
    else:
        assert np.array_equal(read_nifti_scan(path)[0].values, brain_scan[0].values)


@pytest.mark.parametrize("bits", [8, 32])
def test_a_header_of_two_kinds_of_voxels_is_refused(patched, bits):
    refused(patched((BITS, "<h", bits)), f"int16 of 16 bits by its datatype, {bits} by bitpix")


def test_complex_voxels_and_an_infinite_slope_are_refused(written, patched):
    refused(written(kind=np.complex64), "complex numbers")
    refused(patched((112, "<f", np.inf)), "slope or intercept is infinite")


@pytest.mark.parametrize(("value", "words"), [(1e30, "no CT has values"), (-1e30, "no CT has"), (40_000, "no CT has")])
def test_one_voxel_that_no_ct_can_have_leaves_the_scan_out(reason, written, brain_scan, value, words):
    values = brain_scan[0].values.copy()
    values[48, 56, 18] = value
    assert words in reason(written(values=values, kind=np.float32))


def test_the_brightest_voxel_of_an_extended_scale_stays(convert, written, brain_scan):
    values = brain_scan[0].values.copy()
    values[48, 56, 18] = 30_710
    assert convert({"baseline_ct": written(values=values)})[1]["baseline"]["status"] == "included"


@pytest.mark.parametrize(("plain", "named"), [(False, "ct.nii.gz"), (True, "ct.nii")])
def test_a_file_is_packed_or_not_whatever_its_name_says(written, brain_scan, plain, named):
    path = written("one.nii.gz" if plain else "one.nii")
    other = path.rename(path.parent / named)
    assert np.array_equal(read_nifti_scan(other)[0].values, brain_scan[0].values)


@pytest.mark.parametrize(("drift_mm", "words"), [(6.0, "tilted by 50 degrees"), (8.0, "tilted|not perpendicular")])
def test_slices_tilted_more_than_a_gantry_are_refused_before_the_grid_grows(written, brain_scan, drift_mm, words):
    sheared = brain_scan[0].affine.copy()
    sheared[1, 2] = drift_mm
    refused(written(affine=sheared, codes=(0, 1)), words)


def test_a_tilt_that_makes_the_grid_too_large_is_refused_before_there_is_memory_for_it():
    affine = np.diag([0.05, 0.05, 20.0, 1.0])
    affine[1, 2] = 15.0
    scan = Volume(np.broadcast_to(np.float32(0), (512, 512, 300)), affine)
    with pytest.raises(DataFault, match="tilt sheared straight, is too large: 13856563200 voxels"):
        shear_upright(scan, outside=-1024, order=1, notes={})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (lambda mask: mask + 1, "no background: it holds 1 and 2"),
        (lambda mask: mask * 0 + 1, "no background: every voxel"),
        (lambda mask: 1 - mask, "is above 400 mL: is the mask inverted"),
        (lambda mask: np.roll(mask, (-52, -48), axis=(0, 1)), "outside the head: 100 % of it"),
        (lambda mask: np.where(mask, 1, np.nan), "NaN"),
    ],
)
def test_a_mask_that_is_no_lesion_leaves_the_scan_out(reason, written, brain_scan, values, words):
    mask = values(brain_scan[1].values.astype(np.float32))
    assert words in reason(written(), written("mask.nii.gz", values=mask, kind=np.float32))


def test_a_label_of_255_in_a_type_that_ends_at_127_is_lesion(convert, written, brain_scan):
    mask = written("mask.nii.gz", values=-1 * brain_scan[1].values.astype(np.int8), kind=np.int8)
    volumes, _ = convert({"baseline_ct": written(), "baseline_mask": mask})
    assert np.array_equal(volumes["baseline_mask"].values, brain_scan[1].values)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float64])
@pytest.mark.parametrize("value", [1, 2, 255])
def test_background_and_one_other_value_are_a_mask(written, brain_scan, kind, value):
    mask = read_original_mask(written(values=brain_scan[1].values * value, kind=kind))
    assert np.array_equal(mask.values, brain_scan[1].values)


@pytest.fixture
def nrrd(tmp_path):
    """Write a mask as Slicer does."""
    import SimpleITK as sitk

    def write(mask, name="mask.seg.nrrd"):
        image = sitk.GetImageFromArray(np.ascontiguousarray(mask.values.T.astype(np.uint8)))
        image.SetSpacing(mask.spacing_mm.tolist())
        image.SetOrigin((np.diag([-1, -1, 1]) @ mask.affine[:3, 3]).tolist())
        image.SetDirection([-1, 0, 0, 0, -1, 0, 0, 0, 1])
        sitk.WriteImage(image, str(tmp_path / name), True)
        return tmp_path / name

    return write


def cropped(mask, lowest, highest):
    """The part of a mask from one voxel to another."""
    affine = mask.affine.copy()
    affine[:3, 3] = (mask.affine @ [*lowest, 1])[:3]
    return Volume(mask.values[tuple(slice(*ends) for ends in zip(lowest, highest, strict=True))], affine)


@pytest.fixture
def cut_mask(request, brain_scan):
    """A function: the fixture that writes a kind of file, and mm along x, to the mask as far as the lesion reaches."""

    def write(kind, by=0.0):
        places = np.argwhere(brain_scan[1].values)
        part = cropped(brain_scan[1], places.min(axis=0), places.max(axis=0) + 1)
        part.affine[0, 3] += by
        return request.getfixturevalue(kind)(part)

    return write


@pytest.mark.parametrize("kind", ["nrrd", "mask_file"])
def test_a_mask_saved_as_far_as_the_lesion_reaches_is_put_back_on_the_scan_s_grid(
    convert, written, cut_mask, brain_scan, kind
):
    volumes, record = convert({"baseline_ct": written(), "baseline_mask": cut_mask(kind)})
    assert np.array_equal(volumes["baseline_mask"].values, brain_scan[1].values)
    assert "mask_resampled_from" not in record["baseline"]["facts"]


@pytest.mark.parametrize("kind", ["nrrd", "mask_file"])
@pytest.mark.parametrize("by", [0.5, 200.0])
def test_a_cut_mask_between_the_voxels_or_beyond_the_scan_is_not_put_back(reason, written, cut_mask, kind, by):
    assert "not on the scan's grid" in reason(written(), cut_mask(kind, by))


def test_a_mask_that_lies_elsewhere_is_not_called_empty(reason, written, mask_file, brain_scan):
    away = Volume(brain_scan[1].values, brain_scan[1].affine.copy())
    away.affine[:3, 3] += 1000
    words = reason(written(), mask_file(away), masks_on_other_grids="resample")
    assert words.startswith("manual mask does not overlap the scan: its lesion lies elsewhere, 96 x 112 x 36 voxels of")
    empty = Volume(np.zeros_like(brain_scan[1].values), brain_scan[1].affine)
    assert reason(written(), mask_file(empty)) == "manual mask is empty"


@pytest.mark.parametrize("kind", ["seg.nrrd", "nii.gz"])
def test_a_mask_of_one_slice_lies_where_it_says(convert, written, nrrd, mask_file, brain_scan, kind):
    shape = brain_scan[1].values.shape
    part = cropped(brain_scan[1], [0, 0, 19], [*shape[:2], 20])
    path = nrrd(part) if kind == "seg.nrrd" else mask_file(part)
    volumes, _ = convert({"baseline_ct": written(), "baseline_mask": path})
    wanted = np.zeros(shape, dtype=bool)
    wanted[:, :, 19] = brain_scan[1].values[:, :, 19]
    assert wanted.any() and np.array_equal(volumes["baseline_mask"].values, wanted)


def test_a_nrrd_mask_that_does_not_say_where_it_lies_is_refused(tmp_path):
    header = "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 4 4 4\nencoding: raw\n\n"
    (tmp_path / "mask.nrrd").write_bytes(header.encode() + bytes(32) + bytes([1]) * 32)
    refused(tmp_path / "mask.nrrd", "does not say where its voxels lie", read=read_original_mask)


def test_slices_that_lie_far_beside_each_other_do_not_make_a_large_grid_of_a_small_one():
    """A hundred bytes, packed: 2 x 2 x 400 voxels of 0.06 mm, tilted by 45 degrees, were 74 million."""
    affine = np.diag([0.06, 0.06, 14.0, 1.0])
    affine[0, 2] = 14.0
    scan = Volume(np.broadcast_to(np.float32(0), (2, 2, 400)), affine)
    with pytest.raises(DataFault, match="the grid grows to 46551 times, limit 4: its affine is not a scan's"):
        shear_upright(scan, outside=-1024, order=1, notes={})


def test_values_that_no_ct_has_are_told_before_a_tilt_is_sheared_straight(written, brain_scan):
    tilted = brain_scan[0].affine.copy()
    tilted[1, 2] = np.tan(np.radians(15)) * 5
    refused(written(values=brain_scan[0].values * 0, affine=tilted, codes=(0, 1)), "empty scan: every voxel is 0")


def test_a_header_with_extensions_is_read_without_them(written, brain_scan):
    path = written("plain.nii")
    image = nibabel.load(path)
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"DOE^JANE" * 1000))
    nibabel.save(image, path.with_name("extended.nii.gz"))
    scan, _ = read_nifti_scan(path.with_name("extended.nii.gz"))
    assert np.array_equal(scan.values, brain_scan[0].values) and same_grid(scan, brain_scan[0])


PLACED = "space: left-posterior-superior\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\n"


def bomb(folder, kind):
    """Write a small file that claims to be, or is, very large; give its path."""
    if kind == "nrrd":
        claims = (
            f"NRRD0004\ntype: double\nendian: little\ndimension: 3\nsizes: 1000 1000 1000\n{PLACED}encoding: gzip\n\n"
        )
        (folder / "bomb.nrrd").write_bytes(claims.encode() + gzip.compress(bytes(2**20)))
        return folder / "bomb.nrrd"
    if kind == "segmentation":
        return deflated(folder / "bomb.dcm")
    shapes = {"too large": (640, 640, 640), "shorter": (1500, 1500, 1500), "planes": (8192, 2048, 2)}
    header = nibabel.Nifti1Header()
    header.set_data_shape(shapes.get(kind, (2, 2, 400) if kind == "sheared" else (64, 64, 64)))
    header.set_data_dtype(np.float64 if kind == "planes" else np.uint8)
    affine = np.diag([0.06, 0.06, 14.0, 1.0]) if kind == "sheared" else np.eye(4)
    affine[0, 2] = 14.0 if kind == "sheared" else 0.0
    header.set_sform(affine, 1)
    begins = {"begins late": 1e9, "extension": 300 * 2**20}.get(kind, 352.0)
    content = bytearray(header.binaryblock + bytes(4))
    struct.pack_into("<f", content, OFFSET, begins)
    if kind == "extension":
        content[348:] = struct.pack("<4B2i", 1, 0, 0, 0, int(begins) - 352, 4)
    larger = {"longer": 60 * 2**20, "extension": 300 * 2**20, "planes": 8192 * 2048 * 2 * 8}
    with gzip.open(folder / "bomb.nii.gz", "wb", 1) as stream:
        stream.write(content)
        for _ in range(larger.get(kind, 0) // 2**20):
            stream.write(bytes(2**20))
        if kind == "sheared":
            stream.write(bytes(1599) + b"\1")
        else:
            stream.write(np.random.default_rng(0).bytes(300_000))  # for all that a header can know, 330 MB
    return folder / "bomb.nii.gz"


def deflated(path):
    """Write a DICOM segmentation of 300 kB that inflates to 300 MB."""
    header = pydicom.Dataset()
    header.SOPClassUID, header.SOPInstanceUID = pydicom.uid.SegmentationStorage, "1.2.826.5"
    header.Rows = header.Columns = 4
    header.file_meta = pydicom.dataset.FileMetaDataset()
    header.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    header.PixelData = bytes(300 * 2**20)
    header["PixelData"].VR = "OB"
    header.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("too large", "too large: 262144000 voxels, limit 200000000"),
        ("shorter", "shorter than its header says"),
        ("longer", "longer than its header says"),
        ("begins late", "shorter than its header says"),
        ("nrrd", "shorter than its header says"),
        ("sheared", "the grid grows to 4655"),
        ("extension", "its voxels begin at byte 314572800"),
        ("planes", "slices of 8192 x 2048 voxels, limit 2048 x 2048"),
        ("segmentation", "cannot be read as DICOM-SEG: ValueError"),
    ],
)
def test_what_claims_or_is_very_large_is_refused_within_little_memory(tmp_path, kind, words):
    """In a process of its own, which may have 700 MB: libraries included."""
    read = {
        "segmentation": (
            "from ichdag.conversion.dicom import read_segmentation; read_segmentation(sys.argv[1], scan=scan)"
        ),
        "sheared": "from ichdag.conversion.nifti import read_nifti_scan; read_nifti_scan(sys.argv[1])",
    }.get(kind, "from ichdag.conversion.nifti import read_original_mask; read_original_mask(sys.argv[1])")
    code = (
        "import sys; import numpy; from ichdag.images import Volume; from ichdag.jobs import DataFault\n"
        "scan = Volume(numpy.zeros((4, 4, 4)), numpy.eye(4))\n"
        f"try: {read}\n"
        "except DataFault as fault: print(fault.reason)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, bomb(tmp_path, kind)],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (700 * 2**20, 700 * 2**20)),
    )
    assert re.search(words, done.stdout), done
