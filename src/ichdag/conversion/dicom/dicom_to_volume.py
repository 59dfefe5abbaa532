"""Convert one scan from DICOM to a volume, with facts that identify nobody."""

import re
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydicom import Dataset

from ichdag.conversion.dicom.acquisition_time import acquisition_times
from ichdag.conversion.dicom.decoding import decode_pixels, to_hounsfield, transfer_syntax_name
from ichdag.conversion.dicom.dicom_files import collect_files
from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.dicomdir import refuse_missing_images
from ichdag.conversion.dicom.headers import Slice, get_number, get_text, read_headers, silence_pydicom
from ichdag.conversion.dicom.instance_numbers import instance_number_step
from ichdag.conversion.dicom.leftover_slices import refuse_leftover_slices
from ichdag.conversion.dicom.series_selection import select_stack
from ichdag.conversion.dicom.stack_merging import merge_stacks
from ichdag.conversion.dicom.stacks import Stack, group_into_stacks
from ichdag.conversion.dicom.tilt_correction import correct_tilt_and_spacing
from ichdag.conversion.size_limits import refuse_size
from ichdag.images import Volume

MANUFACTURERS = ("siemens", "ge", "philips", "toshiba", "canon", "hitachi", "fujifilm", "neusoft", "united", "samsung")


@dataclass(frozen=True)
class ConvertedSeries:
    """A converted scan.

    `volume` is HU, float32 (i, j, k), nearest to RAS, without tilt. `facts` and `series` (one record for each stack)
    identify nobody and may be stored. `acquisition_times`, by timestamp, identify a patient: store only the interval
    between two of them.
    """

    volume: Volume
    facts: dict[str, Any]
    series: list[dict[str, Any]]
    acquisition_times: dict[str, datetime] = field(repr=False)


def convert_dicom(
    path: str | Path, *, series: str | None, settings: DicomSettings, workdir: str | Path
) -> ConvertedSeries:
    """Convert the scan in a folder, DICOMDIR, zip or file; `series` (number, UID or words) overrides the rules.

    Temporary files are written to `workdir` and removed. Pixels are read by dcm2niix (Li et al., J Neurosci Methods
    2016, doi:10.1016/j.jneumeth.2016.03.001). Raises DataFault if there is no scan that can be converted, StudyError if
    dcm2niix is not installed, MachineFault or OSError if the machine is at fault.
    """
    Path(workdir).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dicom-", dir=workdir) as folder, silence_pydicom():
        files = collect_files(path, folder=Path(folder), settings=settings)
        slices, counts = read_headers(files)
        chosen, records, number_step = select_scan(slices, series=series, settings=settings)
        refuse_missing_images(chosen, slices, files)
        values, padding = to_hounsfield(decode_pixels(chosen, Path(folder)), chosen)
        volume, sheared, resampled = correct_tilt_and_spacing(values, chosen.known_geometry, settings)
        facts = _facts(chosen) | {"padding_voxels": padding, "sheared": sheared, "resampled": resampled}
        facts["numbers_per_slice"] = number_step
        facts |= next(
            {name: record[name] for name in ("kernel", "character", "contrast_agent", "orientation")}
            for record in records
            if record["chosen"]
        )
        facts |= {f"files_{name}": counts[name] for name in ("dicom", "copies", "other")}
        return ConvertedSeries(volume, facts, records, acquisition_times(chosen))


def select_scan(
    slices: list[Slice], *, series: str | None, settings: DicomSettings
) -> tuple[Stack, list[dict[str, Any]], int | None]:
    """Return the stack that is the scan, a record of every stack, and the step of its instance numbers.

    Raises DataFault if there is none, or if slices of its series are not part of it. See `instance_number_step`.
    """
    stacks = merge_stacks(group_into_stacks(slices, settings), settings)
    chosen, records = select_stack(stacks, series=series, settings=settings)
    refuse_leftover_slices(chosen, stacks, settings, named=series is not None)
    refuse_size([len(chosen.slices), chosen.header.Rows, chosen.header.Columns], "the scan")
    return chosen, records, instance_number_step(chosen, stacks)


def _facts(stack: Stack) -> dict[str, Any]:
    header = stack.header
    geometry = stack.known_geometry
    manufacturer = set(re.findall(r"[a-z]+", get_text(header, "Manufacturer").lower()))
    return {
        "modality": "CT",
        "series_number": stack.shown_number,
        "manufacturer": next((name for name in MANUFACTURERS if name in manufacturer), "other"),
        "kvp": _plausible_number(header, "KVP", 500),
        "slices": len(stack.slices),
        "slice_thickness_mm": _plausible_number(header, "SliceThickness", 1000),
        "slice_step_mm": round(geometry.step_mm, 4),
        "smallest_gap_mm": round(float(geometry.gaps_mm.min()), 4),
        "max_gap_mm": round(float(geometry.gaps_mm.max()), 4),
        "tilt_degrees": round(geometry.tilt_degrees, 2),
        "tilt_tag_degrees": _plausible_number(header, "GantryDetectorTilt", 90),
        "multiframe": stack.slices[0].frame is not None,
        "transfer_syntax": transfer_syntax_name(stack),
        "lossy": get_text(header, "LossyImageCompression") == "01",
    }


def _plausible_number(header: Dataset, keyword: str, maximum: float) -> float | None:
    """Return the number of an element if it is not larger than such a number can be, or None."""
    value = get_number(header, keyword)
    return value if value is not None and abs(value) <= maximum else None
