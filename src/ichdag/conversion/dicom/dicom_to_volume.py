"""One scan from DICOM to a volume, with what may be told of it."""

import re
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydicom import Dataset

from ichdag.conversion.affines import refuse_size
from ichdag.conversion.dicom.acquisition_time import acquired
from ichdag.conversion.dicom.decoding import decode, hounsfield, syntax_of
from ichdag.conversion.dicom.dicom_files import files_of
from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.dicomdir import refuse_missing_images
from ichdag.conversion.dicom.headers import Slice, number, quiet, read_headers, text
from ichdag.conversion.dicom.instance_numbers import numbers_per_slice
from ichdag.conversion.dicom.leftover_slices import refuse_lost_slices
from ichdag.conversion.dicom.series_selection import choose
from ichdag.conversion.dicom.stack_merging import join
from ichdag.conversion.dicom.stacks import Stack, stacks_of
from ichdag.conversion.dicom.tilt_correction import straighten
from ichdag.images import Volume

VENDORS = ("siemens", "ge", "philips", "toshiba", "canon", "hitachi", "fujifilm", "neusoft", "united", "samsung")


@dataclass(frozen=True)
class Conversion:
    """A converted scan.

    `volume`: HU float32, RAS+ affine, tilt sheared. `facts` and `series` (one record a stack found) identify nobody
    and may be kept. `acquired` are dates by clock, which identify: compare them and keep only an interval.
    """

    volume: Volume
    facts: dict[str, Any]
    series: list[dict[str, Any]]
    acquired: dict[str, datetime] = field(repr=False)


def convert_dicom(path: str | Path, *, series: str | None, settings: DicomSettings, workdir: str | Path) -> Conversion:
    """Convert the scan in a folder, DICOMDIR, zip or file; `series` (number, UID or words) overrides the rules.

    Temporary files live in `workdir` and are gone after. Raises DataFault saying what was found and what to do,
    StudyError if dcm2niix is not installed. Pixels are read by dcm2niix (Li et al., J Neurosci Methods 2016).
    """
    Path(workdir).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dicom-", dir=workdir) as folder, quiet():
        files = files_of(path, folder=Path(folder), settings=settings)
        slices, counts = read_headers(files)
        chosen, records, numbers = take(slices, series=series, settings=settings)
        refuse_missing_images(chosen, slices, files)
        values, padding = hounsfield(decode(chosen, Path(folder)), chosen)
        volume, sheared, resampled = straighten(values, chosen.geometry, settings)
        facts = _facts(chosen) | {"padding_voxels": padding, "sheared": sheared, "resampled": resampled}
        facts["numbers_per_slice"] = numbers
        facts |= next(
            {name: record[name] for name in ("kernel", "character", "contrast_agent", "orientation")}
            for record in records
            if record["chosen"]
        )
        facts |= {f"files_{name}": counts[name] for name in ("dicom", "copies", "other")}
        return Conversion(volume, facts, records, acquired(chosen))


def take(
    slices: list[Slice], *, series: str | None, settings: DicomSettings
) -> tuple[Stack, list[dict[str, Any]], int | None]:
    """The stack of slices that is the scan, whole, a record of every stack, and by how much its slices' numbers grow.

    Raises DataFault if there is none. For the numbers see `numbers_per_slice`.
    """
    stacks = join(stacks_of(slices, settings), settings)
    chosen, records = choose(stacks, series=series, settings=settings)
    refuse_lost_slices(chosen, stacks, settings, named=series is not None)
    refuse_size([len(chosen.slices), chosen.header.Rows, chosen.header.Columns], "the scan")
    return chosen, records, numbers_per_slice(chosen, stacks)


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
