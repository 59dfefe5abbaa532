"""When a scan was acquired, by each date and time of its headers that can be trusted."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from statistics import median_low

from pydicom.dataset import Dataset

from ichdag.conversion.dicom.headers import get_text
from ichdag.conversion.dicom.stacks import Stack

TIMESTAMPS = ("FrameAcquisition", "Acquisition", "Content", "Series", "Study")  # the most exact first
DATE = re.compile(r"\d{8}")
TIME = re.compile(r"(\d{4})(\d\d)?(\.\d*)?")
DATE_AND_TIME = re.compile(r"(\d{8})(\d{4}(?:\d\d)?(?:\.\d*)?)?([+-]\d{4})?")
ZONE = re.compile(r"([+-])(0\d|1[0-4])([0-5]\d)")
FIRST_CT_YEAR = 1971  # ASSUME: earlier years are written by programs that remove dates
MAX_DIFFERENCE = timedelta(days=1)  # between timestamps of one scan: it may run over midnight


def acquisition_times(stack: Stack) -> dict[str, datetime]:
    """Return the median time of the slices by each timestamp that is complete and trusted; in UTC if the zone is known.

    A timestamp whose date is more than a day from most others is not trusted; if none agree, none may be trusted.
    """
    dates = {name: day for name in TIMESTAMPS if (day := _median_date(stack, name))}
    trusted = {}
    for name in dates:
        times = [moment for plane in stack.slices if (moment := read_timestamp(plane.header, name)) is not None]
        zoned = [moment for moment in times if moment.tzinfo]
        times = zoned if 2 * len(zoned) >= len(times) else [moment for moment in times if not moment.tzinfo]
        if times and _is_trusted(name, dates):
            trusted[name] = median_low(times)
    return trusted


def hours_between(baseline: dict[str, datetime] | None, followup: dict[str, datetime] | None) -> float | None:
    """Return the hours between two scans by the most exact timestamp that both have, or None.

    Different timestamps are not compared, nor one with a time zone and one without.
    """
    for name in TIMESTAMPS:
        start = (baseline or {}).get(name)
        end = (followup or {}).get(name)
        if start and end and (start.tzinfo is None) == (end.tzinfo is None):
            return round((end - start).total_seconds() / 3600, 3)
    return None


def read_timestamp(header: Dataset, name: str) -> datetime | None:
    """Return the date and time of a timestamp; None if the date, or the time to the minute, is missing."""
    day, clock_time, zone = _parse_timestamp(header, name)
    if day is None or clock_time is None:
        return None
    offset = ZONE.fullmatch(zone or get_text(header, "TimezoneOffsetFromUTC"))
    moment = datetime.combine(day, clock_time)
    if offset is None:
        return moment
    ahead = timedelta(hours=int(offset[2]), minutes=int(offset[3])) * (-1 if offset[1] == "-" else 1)
    return moment.replace(tzinfo=timezone(ahead)).astimezone(UTC)


def _parse_timestamp(header: Dataset, name: str) -> tuple[date | None, time | None, str | None]:
    """Return date, time (to the minute at least) and zone of a timestamp, each None if it is missing or invalid.

    A time of midnight to the second counts as missing: programs that remove times write it.
    """
    date_time = DATE_AND_TIME.fullmatch(get_text(header, f"{name}DateTime"))
    day, clock_time, zone = date_time.groups() if date_time and date_time[2] else (None, None, None)
    day = day or re.sub(r"[.-]", "", get_text(header, f"{name}Date"))  # before DICOM, dates had dots
    day = day or (date_time[1] if date_time else "")
    parts = TIME.fullmatch(clock_time or get_text(header, f"{name}Time").replace(":", ""))
    try:
        second = min(int(parts[2] or 0), 59) if parts else 0  # 60 is a leap second
        parsed_time = time(int(parts[1][:2]), int(parts[1][2:]), second) if parts else None
    except ValueError:
        parsed_time = None
    try:
        is_date = DATE.fullmatch(day) and int(day[:4]) >= FIRST_CT_YEAR
        parsed_date = datetime.strptime(day, "%Y%m%d").date() if is_date else None
    except ValueError:
        parsed_date = None
    return parsed_date, None if parsed_time == time(0) else parsed_time, zone


def _median_date(stack: Stack, name: str) -> date | None:
    """Return the median date of a timestamp over the slices, with a time or without."""
    days = [day for plane in stack.slices if (day := _parse_timestamp(plane.header, name)[0]) is not None]
    return median_low(days) if days else None


def _is_trusted(name: str, dates: dict[str, date]) -> bool:
    """Return whether at least half of the other timestamps agree with this one on the date."""
    agree = [abs(day - dates[name]) <= MAX_DIFFERENCE for other, day in dates.items() if other != name]
    return 2 * sum(agree) >= len(agree)
