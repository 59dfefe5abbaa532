"""A clock is complete or it is not used; time zones count."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from ichdag.cohort import conversion
from ichdag.cohort.dicom.conversion import _acquired
from ichdag.cohort.dicom.headers import Slice
from ichdag.cohort.dicom.stacks import Stack

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
    assert _acquired(stack("20240301", "220507.25", drop=drop, **tags)) == wanted


@pytest.mark.parametrize(
    ("baseline", "followup", "hours"),
    [
        (datetime(2024, 3, 1, 22), datetime(2024, 3, 2, 4), 6.0),
        (datetime(2024, 3, 1, 22, tzinfo=UTC), datetime(2024, 3, 2, 4, tzinfo=UTC), 6.0),
        (datetime(2024, 3, 1, 22, tzinfo=UTC), datetime(2024, 3, 2, 4), None),
        (None, datetime(2024, 3, 2, 4), None),
    ],
)
def test_hours_are_known_where_both_clocks_tell_the_same(baseline, followup, hours):
    assert conversion._hours(None, {"baseline": baseline, "followup": followup}) == hours
    assert conversion._hours(5.0, {"baseline": baseline, "followup": followup}) == 5.0


def test_a_time_zone_is_read_from_the_file(folder, draw, convert):
    draw(change=lambda header, index: setattr(header, "TimezoneOffsetFromUTC", "+0100"))
    assert convert(folder).acquired == datetime(2024, 3, 1, 7, 15, 30, tzinfo=UTC)
