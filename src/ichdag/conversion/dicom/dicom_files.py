"""Find the files of a DICOM original: a folder, a DICOMDIR, a zip or one file."""

import errno
import os
import re
import stat
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from pydicom import Dataset
from pydicom.misc import is_dicom as has_preamble

from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.dicomdir import referenced_names
from ichdag.conversion.dicom.streams import unpack_member
from ichdag.conversion.dicom.unreadable_files import is_partial_download
from ichdag.file_errors import MachineFault, raise_machine_fault
from ichdag.jobs import DataFault
from ichdag.number_format import format_plain

DRIVE = re.compile(r"[A-Za-z]:[/\\]")
SUFFIXES = ("", ".dcm", ".dicom", ".ima", ".zip")


def is_dicom(path: str | Path) -> bool:
    """Return whether a path is DICOM (folder, DICOMDIR, zip, .dcm, or a file with the DICOM preamble), not NIfTI."""
    path = Path(path)
    if path.is_dir() or path.name.lower().endswith((".nii", ".nii.gz")):
        return path.is_dir()
    return path.suffix.lower() in SUFFIXES or (path.is_file() and has_preamble(path))


def collect_files(path: str | Path, *, folder: Path, settings: DicomSettings) -> list[Path]:
    """Return every file at `path`; a zip is unpacked into `folder`, a DICOMDIR stands for its whole folder.

    Raises DataFault if there are no files, too many, or a zip that cannot be unpacked safely; reasons do not name them,
    for names may hold that of a patient. Raises OSError or MachineFault if files are missing that the check of the
    sheet saw, or images that a DICOMDIR names.
    """
    path = Path(path)
    if stat.S_ISDIR(path.stat().st_mode):
        if not os.listdir(path):  # an unmounted disk looks like this
            raise MachineFault(errno.ENOENT, "the DICOM folder was not empty when the sheet was checked, and is now")
        files = _files_below(path, settings)
    elif path.name.upper() == "DICOMDIR":
        files = _files_below(path.parent, settings)
        _require_referenced_files(path, files)
    elif path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
        files = _unpack_zip(path, folder / "unpacked", settings)
    else:
        files = [path]
    if not files:
        raise DataFault("cohort", "empty: the DICOM folder or zip holds no file")
    return files


def _files_below(folder: Path, settings: DicomSettings) -> list[Path]:
    """Return every file of a folder, at any depth. Raises OSError if a file or a folder cannot be read."""
    files = []
    for parent, _, names in walk_folders(folder):
        for name in names:
            if stat.S_ISREG(_file_mode(os.path.join(parent, name))):
                files.append(Path(parent, name))
            _refuse_too_many(len(files), settings)
    return sorted(files)


def walk_folders(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield a folder and those below it as `os.walk` does, following links, each folder once, for links may lead back.

    Raises OSError if a folder cannot be read.
    """
    seen = set()
    for parent, folders, names in os.walk(folder, onerror=_raise, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        yield parent, folders, names


def _file_mode(path: str) -> int:
    try:
        return os.stat(path).st_mode
    except FileNotFoundError as error:
        if not os.path.islink(path):
            raise
        words = f"{error.strerror} at the end of a link: were the data fetched?"
        raise FileNotFoundError(error.errno, words, path) from None


def _raise(error: OSError) -> None:
    raise error


def _require_referenced_files(dicomdir: Path, files: list[Path]) -> None:
    """Raise MachineFault if an image that a DICOMDIR names is not among the files of its folder."""
    present = {_normalized_name(file.relative_to(dicomdir.parent).parts) for file in files}
    named = referenced_names(dicomdir, _referenced_file)
    if missing := len(named - present):
        raise MachineFault(
            f"{missing} of {len(named)} images that the DICOMDIR names are not there (were all copied? If they are to "
            "be left out, name its folder in the sheet)"
        )


def _referenced_file(record: Dataset, series: str | None) -> str | None:
    """Return the name of the file in the record of an image (ReferencedFileID), or None."""
    name = record.get("ReferencedFileID") if record.get("DirectoryRecordType") == "IMAGE" else None
    return _normalized_name([name] if isinstance(name, str) else name) if name else None


def _normalized_name(parts: Iterable[str]) -> str:
    """Return a file name of a disc in upper case, without version (`;1`) and last dot: copies differ in these."""
    return re.sub(r"\.?(;\d+)?$", "", "/".join(parts)).upper()


def _unpack_zip(path: Path, folder: Path, settings: DicomSettings) -> list[Path]:
    """Unpack a zip under new names: names in it could lead out of `folder`. Other files are not unpacked whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _refuse_unsafe(members, settings)
            folder.mkdir()
            for number, member in enumerate(members):
                _unpack_member(archive, member, folder, number)
    except DataFault:
        raise
    except Exception as error:  # a damaged zip may raise any exception
        raise_machine_fault(error, path)
        raise DataFault("cohort", f"the zip cannot be unpacked: {type(error).__name__}, pack it again") from None
    files = sorted(folder.iterdir())
    if not any(file.suffix == ".dcm" for file in files) and any(file.suffix == ".zip" for file in files):
        raise DataFault("cohort", "the zip holds another zip and no DICOM: unpack it, or name the inner one")
    return files


def _unpack_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, number: int) -> None:
    """Unpack a member; its new name still shows a DICOMDIR, a hidden file and a partial download."""
    original = PurePosixPath(member.filename).name
    prefix = "DICOMDIR-" if original.upper() == "DICOMDIR" else "." if original.startswith(".") else ""
    name = folder / f"{prefix}{number:06d}"
    unpack_member(archive, member, name)
    not_dicom = name.with_suffix(".other")
    if is_partial_download(original) and not_dicom.exists():
        not_dicom.rename(name.with_suffix(".part"))


def _refuse_unsafe(members: list[zipfile.ZipInfo], settings: DicomSettings) -> None:
    _refuse_too_many(len(members), settings)
    unpacked_gb = sum(member.file_size for member in members) / 1e9
    if unpacked_gb > settings.max_unpacked_gb:
        limit = f"more than {format_plain(settings.max_unpacked_gb)} GB"
        raise DataFault("cohort", f"the zip is too large: {unpacked_gb:.1f} GB unpacked, {limit}")
    for member in members:
        name = PurePosixPath(member.orig_filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or DRIVE.match(member.orig_filename):
            raise DataFault("cohort", "the zip is not safe: it holds a path that leads out of its folder")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise DataFault("cohort", "the zip is not safe: it holds a link, pack the files themselves")
        if member.flag_bits & 0x1:
            raise DataFault("cohort", "the zip is encrypted: unpack it with its password first")


def _refuse_too_many(count: int, settings: DicomSettings) -> None:
    if count > settings.max_files:
        raise DataFault("cohort", f"too many files: more than {settings.max_files}, give one folder for each scan")
