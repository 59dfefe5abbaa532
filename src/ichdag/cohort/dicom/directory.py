"""What a DICOMDIR says should be there."""

from pathlib import Path

import pydicom

from ichdag.cohort.dicom.bounds import Budget
from ichdag.cohort.dicom.headers import Slice, text
from ichdag.cohort.dicom.stacks import Stack
from ichdag.cohort.dicom.streams import bounded
from ichdag.faults import refuse_machine_fault
from ichdag.jobs import DataFault


def refuse_missing_images(chosen: Stack, slices: list[Slice], files: list[Path]) -> None:
    """Raise DataFault if a DICOMDIR names images of the chosen series that are not there, beside some that are."""
    series = {text(plane.header, "SeriesInstanceUID") for plane in chosen.slices}
    there = {text(plane.header, "SOPInstanceUID") for plane in slices}
    for directory in (file for file in files if file.name.upper().startswith("DICOMDIR")):
        named = _named(directory, series)
        missing = len(named - there)
        if missing < len(named) and missing:
            found = f"{missing} of {len(named)} images that the DICOMDIR names of this series are not there"
            raise DataFault("cohort", f"{found}: copy them, too")


def _named(directory: Path, series: set[str]) -> set[str]:
    """UIDs of the images of some series that a DICOMDIR names; none where it cannot be read."""
    found, within = set(), False
    try:
        with bounded(directory, budget=Budget(1)) as stream:
            records = pydicom.dcmread(stream, force=True).get("DirectoryRecordSequence") or []
        for record in records:
            kind = text(record, "DirectoryRecordType")
            if kind in ("PATIENT", "STUDY", "SERIES"):
                within = kind == "SERIES" and text(record, "SeriesInstanceUID") in series
            elif within and record.get("RecordInUseFlag") != 0:
                found.add(text(record, "ReferencedSOPInstanceUIDInFile"))
    except Exception as error:  # a damaged DICOMDIR may raise anything, and the files are read without it
        refuse_machine_fault(error, directory)
    return found - {""}
