"""A clock is complete and agrees with the others or it is not used; time zones count."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from ichdag.conversion.dicom import hours_between
from ichdag.conversion.dicom.acquisition_time import TIMESTAMPS as ALL_TIMESTAMPS
from ichdag.conversion.dicom.acquisition_time import acquisition_times
from ichdag.conversion.dicom.headers import Slice
from ichdag.conversion.dicom.stacks import Stack

CLOCKS = ("Study", "Series", "Acquisition", "Content")


def stack(date, time, *, drop, **tags):
    """A stack of one slice with all clocks at this time, other tags in their place, and some taken away."""
    header = Dataset()
    for name in CLOCKS:
        setattr(header, f"{name}Date", date)
        setattr(header, f"{name}Time", time)
    for name, value in tags.items():
        setattr(header, name, value)
    for name in drop:
        delattr(header, name)
    return Stack([Slice(Path("a.dcm"), None, header, None, None, None)], None)


@pytest.mark.parametrize(
    ("tags", "drop", "wanted"),
    [
        ({}, (), datetime(2024, 3, 1, 22, 5, 7)),
        ({}, ("AcquisitionTime",), datetime(2024, 3, 1, 22, 5, 7)),
        ({"SeriesTime": "2204"}, ("AcquisitionTime", "ContentDate"), datetime(2024, 3, 1, 22, 4)),
        ({"AcquisitionTime": "21"}, ("ContentTime",), datetime(2024, 3, 1, 22, 5, 7)),
        ({"AcquisitionDateTime": "20240301"}, ("AcquisitionTime",), datetime(2024, 3, 1, 22, 5, 7)),
        ({"AcquisitionDateTime": "20240301210000.5"}, (), datetime(2024, 3, 1, 21)),
        ({"AcquisitionDateTime": "20240301230000+0100"}, (), datetime(2024, 3, 1, 22, tzinfo=UTC)),
        ({"AcquisitionDateTime": "20240301183000.25-0530"}, (), datetime(2024, 3, 2, 0, 0, tzinfo=UTC)),
        ({"TimezoneOffsetFromUTC": "+0200"}, (), datetime(2024, 3, 1, 20, 5, 7, tzinfo=UTC)),
        ({"AcquisitionDate": "19000101"}, (), datetime(2024, 3, 1, 22, 5, 7)),
        ({}, tuple(f"{name}Time" for name in CLOCKS), None),
        ({}, tuple(f"{name}Date" for name in CLOCKS), None),
        ({f"{name}Date": "00010101" for name in CLOCKS}, (), None),
    ],
)
def test_the_most_exact_clock_that_is_complete_counts(tags, drop, wanted):
    times = acquisition_times(stack("20240301", "220507.25", drop=drop, **tags))
    assert next((times[clock] for clock in ALL_TIMESTAMPS if clock in times), None) == wanted


def series(date, time, *, drop=(), odd=None, **tags):
    """A stack of nine slices with all clocks at this time; `odd` are tags of one of them."""
    slices = [stack(date, time, drop=drop, **tags).slices[0] for _ in range(9)]
    for name, value in (odd or {}).items():
        setattr(slices[4].header, name, value)
    return Stack(slices, None)


def every(kind, value):
    """All clocks' dates or times."""
    return {f"{name}{kind}": value for name in CLOCKS}


BASELINE = ("20240301", "220000")
TIMES = tuple(f"{name}Time" for name in CLOCKS)


@pytest.mark.parametrize(
    ("baseline", "followup", "hours"),
    [
        ({}, {}, 6.0),
        (every("Time", "000000"), every("Time", "000000"), None),
        ({"AcquisitionTime": "000000.00"}, {}, 6.0),
        ({}, every("Time", "0000"), None),
        ({}, {"AcquisitionDate": "20000101"}, 6.0),
        ({}, {"AcquisitionDateTime": "20000101040000"}, 6.0),
        ({}, {"AcquisitionDate": "20000101", "drop": ("ContentDate", "SeriesDate")}, None),
        ({}, {"AcquisitionDate": "20000101", "drop": ("ContentTime", "SeriesTime")}, 6.0),
        ({}, {"AcquisitionDate": "20000101", "ContentDate": "20000101"}, None),
        ({"odd": every("Date", "20240201")}, {}, 6.0),
        ({}, {"odd": every("Date", "20240201")}, 6.0),
        ({}, {"odd": every("Time", "235959")}, 6.0),
        ({"drop": TIMES[:2] + TIMES[3:]}, {"drop": TIMES[1:]}, None),
        ({}, {"drop": TIMES[1:], "StudyTime": "030000"}, 5.0),
        ({"TimezoneOffsetFromUTC": "+0100"}, {}, None),
        ({"TimezoneOffsetFromUTC": "+0100"}, {"TimezoneOffsetFromUTC": "+0200"}, 5.0),
        ({"AcquisitionDateTime": "20240301220000+0100"}, {}, 6.0),
    ],
)
def test_hours_are_known_by_a_clock_that_both_scans_have_and_that_can_be_trusted(baseline, followup, hours):
    start = acquisition_times(series(*BASELINE, **baseline))
    end = acquisition_times(series("20240302", "040000", **followup))
    assert hours_between(start, end) == hours


def test_a_scan_over_midnight_has_a_moment():
    slices = [stack("20240301", "235959", drop=()).slices[0], *series("20240302", "000003").slices]
    assert acquisition_times(Stack(slices, None))["Acquisition"] == datetime(2024, 3, 2, 0, 0, 3)


def test_hours_are_not_known_where_a_scan_has_no_clock():
    assert hours_between(None, {"Study": datetime(2024, 3, 2, 4)}) is None and hours_between({}, {}) is None


def test_a_time_zone_is_read_from_the_file(folder, draw, convert):
    draw(change=lambda header, index: setattr(header, "TimezoneOffsetFromUTC", "+0100"))
    assert convert(folder).acquisition_times["Acquisition"] == datetime(2024, 3, 1, 7, 15, 30, tzinfo=UTC)
