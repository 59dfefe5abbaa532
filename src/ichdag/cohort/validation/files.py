"""Faults of the files the sheet names: not there, not readable, of a kind nothing here reads, named twice."""

import errno
import os
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ichdag.cohort.sheet import DRAWN_HERE, FILES, MISSING_WORDS, SERIES, Sheet
from ichdag.cohort.validation.faults import Fault, rows_named, values_named

NIFTI = (".nii", ".nii.gz")
MASKS = (*NIFTI, ".nrrd", ".nhdr", ".dcm")
ONE_FILE = "DICOM file"
NO_PERMISSION = ("no permission to read", "Ask for read permission, or copy the file")
AT_ONCE = 16  # a look at a file of a network disk is a wait, not work

Place = tuple[int, str, str]  # row, column, path


def file_faults(sheet: Sheet) -> Iterator[Fault]:
    """Faults of all files, those of one kind in one column together; no file is opened."""
    places = list(_places(sheet))
    kinds: dict[tuple[str, str, str], list[Place]] = {}
    for place, trouble in zip(places, _in_parallel(places), strict=True):
        if trouble:
            kinds.setdefault((place[1], *trouble), []).append(place)
    for (column, kind, cure), found in kinds.items():
        where = f"{rows_named(number for number, _, _ in found)}, column {column}"
        yield Fault(where, f"{kind} {values_named(path for _, _, path in found)}", cure)
    yield from _shared_files(sheet)


def kind_of(path: str) -> str:
    """What kind of scan or mask a path names: by its name, and whether it is a folder."""
    name = path.lower()
    if name.endswith(NIFTI):
        return "NIfTI"
    if name.endswith((".nrrd", ".nhdr")):
        return "NRRD"
    if name.endswith((".dcm", ".dicom", ".ima")):
        return ONE_FILE
    if name.endswith(".zip"):
        return "zip of DICOM"
    if os.path.basename(name) == "dicomdir":
        return "DICOMDIR"
    return "DICOM folder" if os.path.isdir(path) else "other"


def _places(sheet: Sheet) -> Iterator[Place]:
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        for column in FILES:
            path = row.get(column)
            if isinstance(path, str) and path.lower() not in MISSING_WORDS:
                yield number, column, path


def _in_parallel(places: list[Place]) -> list[tuple[str, str] | None]:
    shares = [places[start::AT_ONCE] for start in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda share: [_trouble(column, path) for _, column, path in share], shares))
    return [found[index % AT_ONCE][index // AT_ONCE] for index in range(len(places))]


def _trouble(column: str, path: str) -> tuple[str, str] | None:
    """What is wrong with a file, and what to do."""
    if path.startswith(DRAWN_HERE) and re.search(r"[{}]", path):
        return (
            f"curly brackets, which Snakemake fills in below {DRAWN_HERE}, in",
            "Rename the file, or move it elsewhere",
        )
    try:
        os.stat(path)
        return _trouble_of_kind(column, path) if os.access(path, os.R_OK) else NO_PERMISSION
    except (FileNotFoundError, NotADirectoryError):
        return "no file", _cure_of_missing(path)
    except PermissionError:
        return NO_PERMISSION
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENAMETOOLONG:
            return "a name too long for a file:", "Mend the path (relative to the sheet)"
        told = getattr(error, "strerror", None) or error  # a disk that does not answer, a path that cannot be one
        return f"no answer ({told}) from", "See whether its disk is there"


def _trouble_of_kind(column: str, path: str) -> tuple[str, str] | None:
    """What is wrong with a file that is there, by its kind."""
    kind = kind_of(path)
    if column not in SERIES:
        if os.path.isdir(path):
            return "a folder for a mask:", "Name the file: NIfTI, NRRD or DICOM segmentation (.dcm)"
        known = path.lower().endswith(MASKS)
        return None if known else ("not a kind of mask that is read:", "Save it as NIfTI, NRRD or DICOM segmentation")
    if kind == "DICOM folder":
        empty = not any(os.scandir(path))
        return ("an empty folder:", "Copy the DICOM files into it, or write n/a") if empty else _trouble_of_links(path)
    if kind == "DICOMDIR":
        return _trouble_of_links(os.path.dirname(path) or ".")
    if kind in ("other", "NRRD"):
        return (
            "not a kind of scan that is read:",
            "Name a .nii, a .nii.gz, a DICOM folder, a DICOMDIR or a .zip of DICOM",
        )
    return None


def _trouble_of_links(folder: str) -> tuple[str, str] | None:
    """Whether a folder of DICOM holds, at any depth, a link that leads nowhere: no run could read it to its end.

    Only links are looked up. Links to folders are followed, each folder once, for they may lead back.
    """
    seen: set[str] = set()
    for place, folders, _ in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        with os.scandir(place) as entries:
            if any(entry.is_symlink() and _leads_nowhere(entry.path) for entry in entries):
                return "links that lead nowhere in", "Fetch the data (git annex get, datalad get), or copy the files"
    return None


def _leads_nowhere(link: str) -> bool:
    try:
        os.stat(link)
    except (FileNotFoundError, NotADirectoryError):
        return True
    return False


def _cure_of_missing(path: str) -> str:
    if "\\" in path:
        return "Write the path with / and relative to the sheet; drive letters are of one computer alone"
    if re.search(r"\w{2,}:/", path):
        return "Copy the file to a disk and name it there"
    if f"{os.sep}~" in path:
        return "Write the whole path: ~ stands for other folders on other computers"
    return "Mend the path (relative to the sheet), or write n/a where there is no such file"


def _shared_files(sheet: Sheet) -> Iterator[Fault]:
    """One file in two places. DICOM that holds several series may be named again for another series.

    A patient to predict may be one of the study again, to see whether the frozen model says the same.
    """
    uses: dict[tuple[str, str, bool], list[tuple[int, str]]] = {}
    rows = dict(zip(sheet.numbers, sheet.rows, strict=True))
    for number, column, path in _places(sheet):
        series = "" if path.lower().endswith(MASKS) else str(rows[number].get(SERIES.get(column, "")) or "")
        again = rows[number]["role"] == "prediction"
        uses.setdefault((os.path.normpath(path), series, again), []).append((number, column))
    for (path, _, _), places in uses.items():
        if len(places) > 1:
            columns = " and ".join(Counter(column for _, column in places))
            where = f"{rows_named(number for number, _ in places)}, column {columns}"
            cure = "Name each scan and mask once; two series of one DICOM folder are told apart by baseline_series and "
            yield Fault(where, f"{len(places)} times the same {Path(path)}", f"{cure}followup_series")
