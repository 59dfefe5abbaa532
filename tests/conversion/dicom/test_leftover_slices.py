"""Slices of a series that lies under several names, and slices beyond an end, are taken or the scan is refused."""

import re

import pytest
from pydicom.uid import generate_uid

from ichdag.conversion.dicom.dicom_to_volume import select_scan
from ichdag.conversion.dicom.headers import read_headers
from ichdag.jobs import DataFault

FINE = {"count": 24, "step_mm": 6.0, "size": 16, "pixel_mm": 12.0}


@pytest.fixture
def taken(folder, settings):
    """The stack that is taken of the files in the test's folder, by their headers alone."""

    def run(series=None):
        return select_scan(read_headers(sorted(folder.rglob("*.dcm")))[0], series=series, settings=settings())[0]

    return run


@pytest.fixture
def lost(taken):
    """How many slices are named as lost, and in what they are said to differ."""

    def run(series=None):
        with pytest.raises(DataFault) as caught:
            taken(series)
        match = re.fullmatch(
            r"the series is in parts: (\d+) of its slices lie between or next to the \d+ that fit, and (.*)",
            caught.value.reason,
        )
        assert match, caught.value.reason
        return int(match[1]), match[2]

    return run


def by_turns(*changes):
    """A change of slice after slice, by turns."""
    return lambda header, index: changes[index % len(changes)](header)


def put(**tags):
    """A change that sets tags."""
    return lambda header: [setattr(header, name, value) for name, value in tags.items()] and None


def uids(count=2):
    """Changes that give a series UID each."""
    return [put(SeriesInstanceUID=generate_uid()) for _ in range(count)]


@pytest.mark.parametrize(
    "changes",
    [
        [put(SeriesInstanceUID="1.2.3", FrameOfReferenceUID="1.2.4"), put()],
        [put(SeriesNumber=2), put(SeriesNumber=3)],
        [put(SeriesNumber=2), put(SeriesNumber=3), put(SeriesNumber=4)],
        uids(),
        uids(3),
        uids(24),
        [put(StudyInstanceUID=""), put(StudyInstanceUID="1.2.826.1")],
    ],
    ids=[
        "two UIDs and frames of reference",
        "two numbers",
        "three numbers",
        "two UIDs",
        "three UIDs",
        "a UID each",
        "study not always said",
    ],
)
def test_a_series_under_several_names_on_one_grid_is_one_stack(draw, taken, changes):
    draw(change=by_turns(*changes), **FINE)
    stack = taken()
    assert len(stack.slices) == 24 and stack.geometry.step_mm == 6


def test_a_series_under_several_names_may_be_named_by_each(draw, taken):
    draw(change=by_turns(put(SeriesNumber=2), put(SeriesNumber=3)), **FINE)
    assert len(taken("3").slices) == len(taken("2").slices) == 24


def test_a_series_whose_number_changes_on_the_way_is_one_stack(draw, taken):
    draw(change=lambda header, index: setattr(header, "SeriesNumber", 2 + (index > 18)), **FINE)
    assert len(taken().slices) == 24


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"SeriesNumber": 3, "ConvolutionKernel": "B41s"}, "differ in kernel and series number, export it anew"),
        ({"SeriesNumber": 3, "SeriesDescription": "BRAIN"}, "differ in series number, export it anew"),
        ({"SeriesInstanceUID": "1.2.3", "PixelSpacing": [13, 13]}, "differ in pixel spacing and series UID, export it"),
        (
            {"SeriesInstanceUID": "1.2.3", "SeriesNumber": 3},
            "differ in series number and series UID, export it anew, or name the series",
        ),
        (
            {
                "SeriesInstanceUID": "1.2.3",
                "SeriesNumber": 3,
                "SeriesDescription": "BRAIN",
                "ConvolutionKernel": "B41s",
            },
            "differ in kernel and series number and series UID, export it anew, or name the series",
        ),
    ],
)
def test_every_second_slice_under_another_name_that_does_not_fit_leaves_the_scan_out(draw, lost, tags, words):
    draw(change=by_turns(put(), put(**tags)), **FINE)
    count, reason = lost()
    assert count == 12 and reason.startswith(words)


def test_a_series_that_lies_between_another_may_be_named(draw, taken):
    draw(change=by_turns(put(), put(SeriesInstanceUID="1.2.3", SeriesNumber=3)), **FINE)
    assert len(taken("3").slices) == 12


def again(draw, index, tags, uid, shift=0):
    """Draw one slice of a series a second time."""

    def change(header, place):
        if place != index:
            return False
        header.PixelData = bytes(shift) + header.PixelData[shift:]
        return put(**tags)(header)

    (header,) = draw(uid=uid, change=change, number=9, **FINE)
    return header


@pytest.mark.parametrize(
    ("tags", "shift", "count"),
    [
        ({"PixelSpacing": [12.0003, 12.0003]}, 0, None),
        ({"PixelSpacing": [12.0003, 12.0003]}, 400, 12),
        ({"ConvolutionKernel": "B41s"}, 0, 12),
        ({"SeriesNumber": 3}, 0, None),
        ({"SeriesNumber": 3}, 400, 12),
    ],
)
def test_one_slice_that_was_sent_twice_hides_no_other(draw, taken, lost, tags, shift, count):
    """If it shows the same, it is dropped; if not, nobody knows which is right."""
    uid = generate_uid()
    draw(uid=uid, change=by_turns(put(), put(**tags)), **FINE)
    again(draw, 10, {"SeriesNumber": 2} | tags, uid, shift)
    if count is None:
        assert len(taken().slices) == 24
    else:
        assert lost()[0] == count


@pytest.mark.parametrize("gap", [0.0, 3.6, 30.0])
@pytest.mark.parametrize("name", [{"ConvolutionKernel": "B41s"}, {"SeriesNumber": 3, "ConvolutionKernel": "B41s"}])
def test_slices_beyond_an_end_that_do_not_fit_leave_the_scan_out(draw, lost, gap, name):
    def change(header, index):
        if index >= 20:
            x, y, z = header.ImagePositionPatient
            header.ImagePositionPatient = [x, y, z + gap]
            put(**name)(header)

    draw(change=change, **FINE)
    assert lost()[0] == 4


def test_an_end_that_overlaps_by_a_slice_is_not_lost(draw, lost):
    uid, other = generate_uid(), {"ConvolutionKernel": "B41s", "SeriesNumber": 2}
    draw(uid=uid, change=lambda header, index: put(**other)(header) if index > 18 else None, **FINE)
    again(draw, 18, other, uid)
    assert lost()[0] == 5


def test_a_series_of_the_study_that_goes_on_from_the_chosen_one_is_not_lost(draw, lost):
    other = put(SeriesNumber=3, SeriesInstanceUID="1.2.3")
    draw(change=lambda header, index: other(header) if index > 18 else None, **FINE)
    assert lost()[0] == 5


@pytest.mark.parametrize(
    "other",
    [
        {"kernel": "H60s"},
        {"kernel": "H60s", "step_mm": 3.0, "count": 47},
        {"kernel": "H60s", "step_mm": 2.0, "count": 20},
        {"description": "HEAD BONE", "kernel": "H60s", "places": [0.0]},
        {"description": "HEAD REPEATED", "places": [place * 6.0 - 67 for place in range(24)]},
        {"description": "C SPINE", "kernel": "H60s", "places": [-100.0 - place * 2 for place in range(60)]},
    ],
    ids=["bone", "thin bone", "a part in thin bone", "one slice", "a second acquisition", "neck"],
)
@pytest.mark.parametrize("uid", [None, "1.2.3"])
def test_another_series_of_the_study_is_another_stack(draw, taken, other, uid):
    """Also where a program gives one UID to all series."""
    if uid and other.get("count") == 20:
        other = other | {"description": "HEAD PETROUS"}
    draw(uid=uid, **FINE)
    draw(**FINE | {"number": 3, "uid": uid} | other)
    stack = taken()
    assert stack.number == 2 and len(stack.slices) == 24


def test_a_series_of_several_studies_leaves_the_scan_out(draw, taken):
    draw(change=by_turns(put(), put(StudyInstanceUID="1.2.826.2")), **FINE)
    with pytest.raises(DataFault, match="several studies: 2 of them, all of one series, export it anew"):
        taken()


def test_an_end_that_another_study_claims_is_not_lost(draw, lost):
    draw(change=lambda header, index: put(StudyInstanceUID="1.2.826.2")(header) if index > 18 else None, **FINE)
    assert lost() == (5, "differ in study, export it anew")


def left_in(*, every, first=0, **tags):
    """A change that leaves one of so many slices in, without its thickness."""

    def change(header, index):
        header.SliceThickness = None
        for name, value in tags.items():
            setattr(header, name, value)
        return index % every == first

    return change


@pytest.mark.parametrize(
    ("change", "numbers"),
    [
        (left_in(every=1), 1),
        (left_in(every=2), 2),
        (left_in(every=2, first=1), 2),
        (left_in(every=3), 3),
        (left_in(every=2, InstanceNumber=None), None),
        (left_in(every=2, InstanceNumber=7), None),
    ],
)
def test_slices_that_were_never_delivered_show_in_the_numbers_of_the_others(draw, convert, folder, change, numbers):
    draw(change=change, count=60, step_mm=2.0)
    assert convert(folder, min_slices=5).facts["numbers_per_slice"] == numbers


def test_two_kernels_by_turns_lack_no_numbers(draw, convert, folder):
    def kernels(header, index):
        header.ConvolutionKernel = "H31s" if index % 2 else "H60s"

    places = [10.0 * (index // 2) for index in range(24)]
    draw(change=kernels, places=places)
    assert convert(folder).facts["numbers_per_slice"] is None
