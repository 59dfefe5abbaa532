"""Masks kept as DICOM segmentations."""

import highdicom
import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes

from ichdag.conversion.dicom import read_segmentation
from ichdag.images import Volume, same_grid
from ichdag.jobs import DataFault


def segment(number):
    """The description of one segment."""
    return highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=f"lesion {number}",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Hemorrhage,
        algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.MANUAL,
    )


@pytest.fixture
def write(tmp_path):
    """Write a mask (slices, rows, columns[, segments]) drawn on DICOM slices."""

    def save(headers, values, *, segments=1, kind="BINARY"):
        seg = highdicom.seg.Segmentation(
            headers,
            values,
            kind,
            [segment(number + 1) for number in range(segments)],
            series_instance_uid=highdicom.UID(),
            series_number=9,
            sop_instance_uid=highdicom.UID(),
            instance_number=1,
            manufacturer="Maker",
            manufacturer_model_name="Model",
            software_versions="1",
            device_serial_number="1",
        )
        seg.save_as(tmp_path / "mask.dcm")
        return tmp_path / "mask.dcm"

    return save


@pytest.fixture
def lesion(drawn_hu):
    """The drawn ball on a converted scan's grid."""
    return lambda volume: drawn_hu(volume) > 45


def stacked(done, mask):
    """A RAS mask as slices, rows, columns of the drawn axial series (rows grow to posterior, columns to left)."""
    return mask[::-1, ::-1].transpose(2, 1, 0).astype(np.uint8)


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL"])
def test_a_segmentation_lands_on_the_scan_it_was_drawn_on(folder, draw, convert, write, lesion, kind):
    headers = draw()
    done = convert(folder)
    wanted = lesion(done.volume)
    values = stacked(done, wanted)
    if kind == "FRACTIONAL":
        values = values * np.float32(0.6) + np.roll(values, 4, axis=2) * np.float32(0.3)
    mask = read_segmentation(write(headers, values, kind=kind), scan=done.volume)
    assert wanted.sum() > 50 and same_grid(mask, done.volume)
    assert mask.values.dtype == bool and np.array_equal(mask.values, wanted)


def test_empty_slices_left_out_of_the_file_are_put_back_on_the_scan_s_grid(folder, draw, convert, write, lesion):
    headers = draw()
    done = convert(folder)
    wanted = lesion(done.volume)
    path = write(headers, stacked(done, wanted))
    assert pydicom.dcmread(path).NumberOfFrames < 12
    assert np.array_equal(read_segmentation(path, scan=done.volume).values, wanted)


def test_a_segmentation_drawn_on_another_series_is_left_out(folder, draw, convert, write, lesion):
    headers = draw()
    done = convert(folder)
    path = write(headers, stacked(done, lesion(done.volume)))
    shifted = done.volume.affine.copy()
    shifted[0, 3] += 3
    with pytest.raises(DataFault, match="not on the scan's grid"):
        read_segmentation(path, scan=Volume(done.volume.values, shifted))


def test_a_segmentation_of_slightly_other_spacing_is_left_out(folder, draw, convert, write, lesion):
    headers = draw()
    done = convert(folder)
    path = write(headers, stacked(done, lesion(done.volume)))
    stretched = done.volume.affine @ np.diag([1.01, 1, 1, 1])
    with pytest.raises(DataFault, match="not on the scan's grid"):
        read_segmentation(path, scan=Volume(done.volume.values, stretched))


def test_several_segments_are_left_out(folder, draw, convert, write, lesion):
    headers = draw()
    done = convert(folder)
    one = stacked(None, lesion(done.volume))
    path = write(headers, np.stack([one, np.roll(one, 3, axis=1)], axis=-1), segments=2)
    with pytest.raises(DataFault, match="several segments: 2 of them"):
        read_segmentation(path, scan=done.volume)


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
@pytest.mark.parametrize("part", ["all", "one slice", "every second slice"])
def test_each_frame_lies_where_it_says_whatever_frames_are_there_and_whether_their_distance_is_told(
    folder, draw, convert, write, lesion, kind, part
):
    headers = draw()
    done = convert(folder)
    wanted = lesion(done.volume)
    slices = np.flatnonzero(wanted.any(axis=(0, 1)))
    kept = {"all": slices, "one slice": slices[2:3], "every second slice": slices[::2]}[part]
    wanted[:, :, np.setdiff1d(slices, kept)] = False
    path = write(headers, stacked(done, wanted), kind=kind)
    stored = pydicom.dcmread(path)
    stored.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].pop("SpacingBetweenSlices", None)
    stored.save_as(path)
    mask = read_segmentation(path, scan=done.volume)
    assert wanted.any() and np.array_equal(mask.values, wanted) and same_grid(mask, done.volume)


def test_an_empty_segment_beside_the_drawn_one_does_not_matter(folder, draw, convert, write, lesion):
    headers = draw()
    done = convert(folder)
    wanted = lesion(done.volume)
    one = stacked(done, wanted)
    path = write(headers, np.stack([0 * one, one], axis=-1), segments=2)
    assert np.array_equal(read_segmentation(path, scan=done.volume).values, wanted)


def test_a_file_that_is_no_segmentation_is_left_out_without_quoting_it(folder, draw):
    draw()
    scan = Volume(np.zeros((32, 32, 12), dtype=np.float32), np.eye(4))
    with pytest.raises(DataFault, match="mask cannot be read as DICOM-SEG") as caught:
        read_segmentation(next(folder.rglob("*.dcm")), scan=scan)
    assert "DOE" not in str(caught.value)
