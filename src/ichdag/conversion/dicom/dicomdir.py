"""The files and images that a DICOMDIR names."""

from collections.abc import Callable
from pathlib import Path

import pydicom
from pydicom import Dataset

from ichdag.conversion.dicom.headers import Slice, get_text
from ichdag.conversion.dicom.read_limits import ReadBudget
from ichdag.conversion.dicom.stacks import Stack
from ichdag.conversion.dicom.streams import open_limited
from ichdag.file_errors import raise_machine_fault
from ichdag.jobs import DataFault


def refuse_missing_images(chosen: Stack, slices: list[Slice], files: list[Path]) -> None:
    """Raise DataFault if a DICOMDIR names images of the chosen series that are not there, beside some that are."""
    series = {get_text(plane.header, "SeriesInstanceUID") for plane in chosen.slices}
    present = {get_text(plane.header, "SOPInstanceUID") for plane in slices}
    for directory in (file for file in files if file.name.upper().startswith("DICOMDIR")):
        named = referenced_names(directory, lambda record, uid: _referenced_uid(record) if uid in series else None)
        missing = len(named - present)
        if missing < len(named) and missing:
            reason = f"{missing} of {len(named)} images that the DICOMDIR names of this series are not there"
            raise DataFault("cohort", f"{reason}: copy them, too")


def referenced_names(directory: Path, name_of: Callable[[Dataset, str | None], str | None]) -> set[str]:
    """Return the names that `name_of` gives the records in use of a DICOMDIR; it gets each with its SeriesInstanceUID.

    A damaged DICOMDIR is read as far as possible: its files are read without it. Raises OSError if the machine cannot
    read it.
    """
    names: set[str] = set()
    series: str | None = None
    try:
        with open_limited(directory, budget=ReadBudget(1)) as stream:
            records = pydicom.dcmread(stream, force=True).get("DirectoryRecordSequence") or []
        for record in records:
            kind = get_text(record, "DirectoryRecordType")
            if kind in ("PATIENT", "STUDY", "SERIES"):
                series = get_text(record, "SeriesInstanceUID") if kind == "SERIES" else None
            elif record.get("RecordInUseFlag") != 0 and (name := name_of(record, series)):
                names.add(name)
    except Exception as error:  # a damaged DICOMDIR may raise any exception
        raise_machine_fault(error, directory)
    return names


def _referenced_uid(record: Dataset) -> str:
    return get_text(record, "ReferencedSOPInstanceUIDInFile")
