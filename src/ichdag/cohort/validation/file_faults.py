"""List faults of the files in the sheet: missing, not readable, of an unknown kind, or named twice."""

import errno
import os
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ichdag.cohort.sheet import FILES, MISSING_WORDS, PHANTOM_FOLDER, SERIES, Sheet
from ichdag.cohort.validation.fault_table import Fault, format_rows, format_values

NIFTI = (".nii", ".nii.gz")
MASKS = (*NIFTI, ".nrrd", ".nhdr", ".dcm")
SINGLE_DICOM_FILE = "DICOM file"
NO_PERMISSION = ("no permission to read", "Ask for read permission, or copy the file")
THREADS = 16  # looking up a file on a network disk is mostly waiting

FileEntry = tuple[int, str, str]  # row, column, path


def file_faults(sheet: Sheet) -> Iterator[Fault]:
    """Yield the faults of all files, those of one kind in one column together; no file is opened."""
    entries = list(_file_entries(sheet))
    kinds: dict[tuple[str, str, str], list[FileEntry]] = {}
    for entry, problem in zip(entries, _find_problems(entries), strict=True):
        if problem:
            kinds.setdefault((entry[1], *problem), []).append(entry)
    for (column, kind, cure), faulty in kinds.items():
        where = f"{format_rows(number for number, _, _ in faulty)}, column {column}"
        yield Fault(where, f"{kind} {format_values(path for _, _, path in faulty)}", cure)
    yield from _shared_files(sheet)


def kind_of(path: str) -> str:
    """Tell the kind of a scan or mask, from its name and whether it is a folder."""
    name = path.lower()
    if name.endswith(NIFTI):
        return "NIfTI"
    if name.endswith((".nrrd", ".nhdr")):
        return "NRRD"
    if name.endswith((".dcm", ".dicom", ".ima")):
        return SINGLE_DICOM_FILE
    if name.endswith(".zip"):
        return "zip of DICOM"
    if os.path.basename(name) == "dicomdir":
        return "DICOMDIR"
    return "DICOM folder" if os.path.isdir(path) else "other"


def _file_entries(sheet: Sheet) -> Iterator[FileEntry]:
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        for column in FILES:
            path = row.get(column)
            if isinstance(path, str) and path.lower() not in MISSING_WORDS:
                yield number, column, path


def _find_problems(entries: list[FileEntry]) -> list[tuple[str, str] | None]:
    shares = [entries[start::THREADS] for start in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        problems = list(pool.map(lambda share: [_problem(column, path) for _, column, path in share], shares))
    return [problems[index % THREADS][index // THREADS] for index in range(len(entries))]


def _problem(column: str, path: str) -> tuple[str, str] | None:
    """Return what is wrong with a file, and what to do; None if nothing is."""
    if path.startswith(PHANTOM_FOLDER) and re.search(r"[{}]", path):
        return (
            f"curly brackets, which Snakemake fills in below {PHANTOM_FOLDER}, in",
            "Rename the file, or move it elsewhere",
        )
    try:
        os.stat(path)
        return _problem_of_kind(column, path) if os.access(path, os.R_OK) else NO_PERMISSION
    except (FileNotFoundError, NotADirectoryError):
        return "no file", _cure_of_missing(path)
    except PermissionError:
        return NO_PERMISSION
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENAMETOOLONG:
            return "a name too long for a file:", "Mend the path (relative to the sheet)"
        reason = getattr(error, "strerror", None) or error  # a disk that does not answer, or an invalid path
        return f"no answer ({reason}) from", "See whether its disk is there"


def _problem_of_kind(column: str, path: str) -> tuple[str, str] | None:
    """Return what is wrong with the kind of a file that exists; None if nothing is."""
    kind = kind_of(path)
    if column not in SERIES:
        if os.path.isdir(path):
            return "a folder for a mask:", "Name the file: NIfTI, NRRD or DICOM segmentation (.dcm)"
        is_mask = path.lower().endswith(MASKS)
        return None if is_mask else ("not a kind of mask that is read:", "Save it as NIfTI, NRRD or DICOM segmentation")
    if kind == "DICOM folder":
        empty = not any(os.scandir(path))
        return ("an empty folder:", "Copy the DICOM files into it, or write n/a") if empty else _problem_of_links(path)
    if kind == "DICOMDIR":
        return _problem_of_links(os.path.dirname(path) or ".")
    if kind in ("other", "NRRD"):
        return (
            "not a kind of scan that is read:",
            "Name a .nii, a .nii.gz, a DICOM folder, a DICOMDIR or a .zip of DICOM",
        )
    return None


def _problem_of_links(folder: str) -> tuple[str, str] | None:
    """Return a problem if a DICOM folder has, at any depth, a link to a file that does not exist.

    Only links are looked up. Links to folders are followed, each folder once, since they may lead back.
    """
    seen: set[str] = set()
    for path, folders, _ in os.walk(folder, followlinks=True):
        real = os.path.realpath(path)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        with os.scandir(path) as entries:
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
    """Yield files that are named twice. DICOM files may be named again for another series.

    A patient for prediction may be a participant of the study again, to compare the frozen model with the study.
    """
    uses: dict[tuple[str, str, bool], list[tuple[int, str]]] = {}
    rows = dict(zip(sheet.numbers, sheet.rows, strict=True))
    for number, column, path in _file_entries(sheet):
        series = "" if path.lower().endswith(MASKS) else str(rows[number].get(SERIES.get(column, "")) or "")
        is_prediction = rows[number]["role"] == "prediction"
        uses.setdefault((os.path.normpath(path), series, is_prediction), []).append((number, column))
    for (path, _, _), cells in uses.items():
        if len(cells) > 1:
            columns = " and ".join(Counter(column for _, column in cells))
            where = f"{format_rows(number for number, _ in cells)}, column {columns}"
            cure = "Name each scan and mask once; two series of one DICOM folder are named by baseline_series and "
            yield Fault(where, f"{len(cells)} times the same {Path(path)}", f"{cure}followup_series")
