"""When a scan was acquired, by each clock of its headers that can be trusted."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from statistics import median_low

from pydicom.dataset import Dataset

from ichdag.conversion.dicom.headers import text
from ichdag.conversion.dicom.stacks import Stack

CLOCKS = ("FrameAcquisition", "Acquisition", "Content", "Series", "Study")  # the most exact one first
DATE, TIME = re.compile(r"\d{8}"), re.compile(r"(\d{4})(\d\d)?(\.\d*)?")
DATE_AND_TIME = re.compile(r"(\d{8})(\d{4}(?:\d\d)?(?:\.\d*)?)?([+-]\d{4})?")
ZONE = re.compile(r"([+-])(0\d|1[0-4])([0-5]\d)")
FIRST_CT = 1971  # ASSUME: an earlier year is what programs write that take dates away
APART = timedelta(days=1)  # that clocks of one scan may differ: it may go on over midnight


def acquired(stack: Stack) -> dict[str, datetime]:
    """The middle slice's moment by each clock that is complete and trusted; in UTC where the zone is told.

    One whose date is more than a day from those of most other clocks is wrong; where they are at odds, all may be.
    """
    dates = {clock: day for clock in CLOCKS if (day := _day(stack, clock))}
    found = {}
    for clock in dates:
        moments = [moment for plane in stack.slices if (moment := moment_of(plane.header, clock)) is not None]
        zoned = [moment for moment in moments if moment.tzinfo]
        moments = zoned if 2 * len(zoned) >= len(moments) else [moment for moment in moments if not moment.tzinfo]
        if moments and _is_trusted(clock, dates):
            found[clock] = median_low(moments)
    return found


def hours_between(baseline: dict[str, datetime] | None, followup: dict[str, datetime] | None) -> float | None:
    """Hours from one scan to another by the most exact clock that both have; None where there is none.

    Clocks of two kinds are not compared, nor one that tells its zone with one that does not.
    """
    for clock in CLOCKS:
        one, other = (baseline or {}).get(clock), (followup or {}).get(clock)
        if one and other and (one.tzinfo is None) == (other.tzinfo is None):
            return round((other - one).total_seconds() / 3600, 3)
    return None


def moment_of(header: Dataset, clock: str) -> datetime | None:
    """The moment a clock tells; None where its date or its time, to the minute, is missing: no midnight is made up."""
    day, told, zone = _told(header, clock)
    if day is None or told is None:
        return None
    offset = ZONE.fullmatch(zone or text(header, "TimezoneOffsetFromUTC"))
    moment = datetime.combine(day, told)
    if offset is None:
        return moment
    ahead = timedelta(hours=int(offset[2]), minutes=int(offset[3])) * (-1 if offset[1] == "-" else 1)
    return moment.replace(tzinfo=timezone(ahead)).astimezone(UTC)


def _told(header: Dataset, clock: str) -> tuple[date | None, time | None, str | None]:
    """What a clock tells of date, time (to the minute at least) and zone, each None where it is missing or none.

    Midnight to the second is what programs write that take times away.
    """
    whole = DATE_AND_TIME.fullmatch(text(header, f"{clock}DateTime"))
    day, told, zone = whole.groups() if whole and whole[2] else (None, None, None)
    day = day or re.sub(r"[.-]", "", text(header, f"{clock}Date")) or (whole[1] if whole else "")  # dots: before DICOM
    found = TIME.fullmatch(told or text(header, f"{clock}Time").replace(":", ""))
    try:
        second = min(int(found[2] or 0), 59) if found else 0  # 60 is a leap second
        at = time(int(found[1][:2]), int(found[1][2:]), second) if found else None
    except ValueError:
        at = None
    try:
        on = datetime.strptime(day, "%Y%m%d").date() if DATE.fullmatch(day) and int(day[:4]) >= FIRST_CT else None
    except ValueError:
        on = None
    return on, None if at == time(0) else at, zone


def _day(stack: Stack, clock: str) -> date | None:
    """The middle one of a clock's dates, with a time or without."""
    days = [day for plane in stack.slices if (day := _told(plane.header, clock)[0]) is not None]
    return median_low(days) if days else None


def _is_trusted(clock: str, dates: dict[str, date]) -> bool:
    """Whether no more of the other clocks are apart from this one than with it."""
    others = [abs(day - dates[clock]) <= APART for name, day in dates.items() if name != clock]
    return 2 * sum(others) >= len(others)
