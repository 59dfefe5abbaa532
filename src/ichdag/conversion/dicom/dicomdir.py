"""What a DICOMDIR says should be there."""

from collections.abc import Callable
from pathlib import Path

import pydicom
from pydicom import Dataset

from ichdag.conversion.dicom.headers import Slice, text
from ichdag.conversion.dicom.read_limits import Budget
from ichdag.conversion.dicom.stacks import Stack
from ichdag.conversion.dicom.streams import bounded
from ichdag.file_errors import raise_machine_fault
from ichdag.jobs import DataFault


def refuse_missing_images(chosen: Stack, slices: list[Slice], files: list[Path]) -> None:
    """Raise DataFault if a DICOMDIR names images of the chosen series that are not there, beside some that are."""
    series = {text(plane.header, "SeriesInstanceUID") for plane in chosen.slices}
    there = {text(plane.header, "SOPInstanceUID") for plane in slices}
    for directory in (file for file in files if file.name.upper().startswith("DICOMDIR")):
        named = named_in(directory, lambda record, own: _uid_of(record) if own in series else None)
        missing = len(named - there)
        if missing < len(named) and missing:
            found = f"{missing} of {len(named)} images that the DICOMDIR names of this series are not there"
            raise DataFault("cohort", f"{found}: copy them, too")


def named_in(directory: Path, name_of: Callable[[Dataset, str | None], str | None]) -> set[str]:
    """The names that `name_of` gives the records in use of a DICOMDIR, each with the UID of the series it stands under.

    None from where it cannot be read on: a damaged DICOMDIR may raise anything, and its files are read without it.
    Raises OSError where the machine cannot read it.
    """
    found, series = set(), None
    try:
        with bounded(directory, budget=Budget(1)) as stream:
            records = pydicom.dcmread(stream, force=True).get("DirectoryRecordSequence") or []
        for record in records:
            kind = text(record, "DirectoryRecordType")
            if kind in ("PATIENT", "STUDY", "SERIES"):
                series = text(record, "SeriesInstanceUID") if kind == "SERIES" else None
            elif record.get("RecordInUseFlag") != 0:
                found.add(name_of(record, series))
    except Exception as error:
        raise_machine_fault(error, directory)
    return found - {"", None}


def _uid_of(record: Dataset) -> str:
    return text(record, "ReferencedSOPInstanceUIDInFile")
