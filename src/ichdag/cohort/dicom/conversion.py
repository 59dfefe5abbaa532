"""One scan from DICOM to a volume, with what may be told of it."""

import re
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from ichdag.cohort.dicom.choice import choose
from ichdag.cohort.dicom.decoding import decode, hounsfield, syntax_of
from ichdag.cohort.dicom.headers import Slice, number, quiet, read_headers, text
from ichdag.cohort.dicom.joining import join, refuse_lost_slices
from ichdag.cohort.dicom.settings import DicomSettings
from ichdag.cohort.dicom.sources import files_of
from ichdag.cohort.dicom.stacks import Stack, stacks_of
from ichdag.cohort.dicom.straightening import straighten
from ichdag.cohort.geometry import refuse_size
from ichdag.images import Volume

VENDORS = ("siemens", "ge", "philips", "toshiba", "canon", "hitachi", "fujifilm", "neusoft", "united", "samsung")
CLOCKS = ("FrameAcquisition", "Acquisition", "Content", "Series", "Study")
DATE, TIME = re.compile(r"\d{8}"), re.compile(r"(\d{4})(\d\d)?(\.\d*)?")
DATE_AND_TIME = re.compile(r"(\d{8})(\d{4}(?:\d\d)?(?:\.\d*)?)([+-]\d{4})?")
ZONE = re.compile(r"([+-])(0\d|1[0-4])([0-5]\d)")
FIRST_CT = 1971  # ASSUME: an earlier year is what programs write that take dates away


@dataclass(frozen=True)
class Conversion:
    """A converted scan.

    `volume`: HU float32, RAS+ affine, tilt sheared. `facts` and `series` (one record a stack found) identify nobody
    and may be kept. `acquired` is a date, which identifies: compare it and keep only an interval.
    """

    volume: Volume
    facts: dict[str, Any]
    series: list[dict[str, Any]]
    acquired: datetime | None = field(repr=False)


def convert_dicom(path: str | Path, *, series: str | None, settings: DicomSettings, workdir: str | Path) -> Conversion:
    """Convert the scan in a folder, DICOMDIR, zip or file; `series` (number, UID or words) overrides the rules.

    Temporary files live in `workdir` and are gone after. Raises DataFault saying what was found and what to do,
    StudyError if dcm2niix is not installed. Pixels are read by dcm2niix (Li et al., J Neurosci Methods 2016).
    """
    Path(workdir).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dicom-", dir=workdir) as folder, quiet():
        slices, counts = read_headers(files_of(path, folder=Path(folder), settings=settings))
        chosen, records = take(slices, series=series, settings=settings)
        values, padding = hounsfield(decode(chosen, Path(folder)), chosen)
        volume, sheared, resampled = straighten(values, chosen.geometry, settings)
        facts = _facts(chosen) | {"padding_voxels": padding, "sheared": sheared, "resampled": resampled}
        facts |= next(
            {name: record[name] for name in ("kernel", "character", "contrast_agent", "orientation")}
            for record in records
            if record["chosen"]
        )
        facts |= {f"files_{name}": counts[name] for name in ("dicom", "copies", "other")}
        return Conversion(volume, facts, records, _acquired(chosen))


def take(slices: list[Slice], *, series: str | None, settings: DicomSettings) -> tuple[Stack, list[dict[str, Any]]]:
    """The stack of slices that is the scan, whole, and a record of every stack. Raises DataFault if there is none."""
    stacks = join(stacks_of(slices, settings), settings)
    chosen, records = choose(stacks, series=series, settings=settings)
    refuse_lost_slices(chosen, stacks, settings)
    refuse_size([len(chosen.slices), chosen.header.Rows, chosen.header.Columns], "the scan")
    return chosen, records


def _facts(stack: Stack) -> dict[str, Any]:
    header, geometry = stack.header, stack.geometry
    manufacturer = set(re.findall(r"[a-z]+", text(header, "Manufacturer").lower()))
    return {
        "modality": "CT",
        "series_number": stack.shown_number,
        "manufacturer": next((name for name in VENDORS if name in manufacturer), "other"),
        "kvp": _plausible(header, "KVP", 500),
        "slices": len(stack.slices),
        "slice_thickness_mm": _plausible(header, "SliceThickness", 1000),
        "slice_step_mm": round(geometry.step_mm, 4),
        "smallest_gap_mm": round(float(geometry.gaps_mm.min()), 4),
        "largest_gap_mm": round(float(geometry.gaps_mm.max()), 4),
        "tilt_degrees": round(geometry.tilt_degrees, 2),
        "tilt_tag_degrees": _plausible(header, "GantryDetectorTilt", 90),
        "multiframe": stack.slices[0].frame is not None,
        "transfer_syntax": syntax_of(stack),
        "lossy": text(header, "LossyImageCompression") == "01",
    }


def _plausible(header: Dataset, name: str, largest: float) -> float | None:
    """The number of a tag where it can be one, and not what else somebody wrote there."""
    found = number(header, name)
    return found if found is not None and abs(found) <= largest else None


def _acquired(stack: Stack) -> datetime | None:
    """When the first slice was acquired, by the most exact clock that is complete; in UTC where the zone is told."""
    for clock in CLOCKS:
        found = [moment for plane in stack.slices if (moment := _moment(plane.header, clock)) is not None]
        if found:
            return min([moment for moment in found if moment.tzinfo] or found)
    return None


def _moment(header: Dataset, clock: str) -> datetime | None:
    """The moment a clock tells; None where its date or its time, to the minute, is missing: no midnight is made up."""
    whole = DATE_AND_TIME.fullmatch(text(header, f"{clock}DateTime"))
    date, time, zone = whole.groups() if whole else (None, None, None)
    date = date or re.sub(r"[.-]", "", text(header, f"{clock}Date"))  # as it was written before DICOM
    time = time or text(header, f"{clock}Time").replace(":", "")
    told = TIME.fullmatch(time)
    if told is None or not DATE.fullmatch(date) or int(date[:4]) < FIRST_CT:
        return None
    try:
        seconds = min(int(told[2] or 0), 59)  # 60 is a leap second
        moment = datetime.strptime(f"{date}{told[1]}", "%Y%m%d%H%M") + timedelta(seconds=seconds)
    except ValueError:
        return None
    offset = ZONE.fullmatch(zone or text(header, "TimezoneOffsetFromUTC"))
    if offset is None:
        return moment
    ahead = timedelta(hours=int(offset[2]), minutes=int(offset[3])) * (-1 if offset[1] == "-" else 1)
    return moment.replace(tzinfo=timezone(ahead)).astimezone(UTC)
