"""Where DICOM files come from: a folder, a DICOMDIR, a zip or one file."""

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
from ichdag.conversion.dicom.dicomdir import named_in
from ichdag.conversion.dicom.streams import unpack
from ichdag.conversion.dicom.unreadable_files import is_unfinished
from ichdag.file_errors import MachineFault, raise_machine_fault
from ichdag.jobs import DataFault
from ichdag.number_format import format_plain

DRIVE = re.compile(r"[A-Za-z]:[/\\]")
SUFFIXES = ("", ".dcm", ".dicom", ".ima", ".zip")


def is_dicom(path: str | Path) -> bool:
    """Whether the path means DICOM (folder, DICOMDIR, zip, .dcm, or a file with the DICOM preamble), not NIfTI."""
    path = Path(path)
    if path.is_dir() or path.name.lower().endswith((".nii", ".nii.gz")):
        return path.is_dir()
    return path.suffix.lower() in SUFFIXES or (path.is_file() and has_preamble(path))


def files_of(path: str | Path, *, folder: Path, settings: DicomSettings) -> list[Path]:
    """Every file at `path`; a zip is unpacked into `folder`, a DICOMDIR means its whole folder.

    Raises DataFault if there is nothing, too much, or a zip that cannot be unpacked safely. Names inside stay unsaid:
    they may hold the patient's. What the check of the sheet saw and is away now is a fault of the machine, and so is
    an image that a DICOMDIR names and that is away: OSError.
    """
    path = Path(path)
    if stat.S_ISDIR(path.stat().st_mode):
        if not os.listdir(path):  # a disk that is not mounted looks like this
            raise MachineFault(errno.ENOENT, "the DICOM folder was not empty when the sheet was checked, and is now")
        found = _walk(path, settings)
    elif path.name.upper() == "DICOMDIR":
        found = _walk(path.parent, settings)
        _require_named(path, found)
    elif path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
        found = _unpack(path, folder / "unpacked", settings)
    else:
        found = [path]
    if not found:
        raise DataFault("cohort", "empty: the DICOM folder or zip holds no file")
    return found


def _walk(folder: Path, settings: DicomSettings) -> list[Path]:
    """Every file of a folder, at any depth. Raises OSError where one of it, or a folder, cannot be looked at."""
    found = []
    for place, _, names in folders_below(folder):
        for name in names:
            if stat.S_ISREG(_mode(os.path.join(place, name))):
                found.append(Path(place, name))
            _limit(len(found), settings)
    return sorted(found)


def folders_below(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield a folder and those below it, links followed, each once, for links may lead back: as `os.walk` does.

    Raises OSError where one cannot be looked at.
    """
    seen = set()
    for place, folders, names in os.walk(folder, onerror=_refuse, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        yield place, folders, names


def _mode(path: str) -> int:
    try:
        return os.stat(path).st_mode
    except FileNotFoundError as error:
        if not os.path.islink(path):
            raise
        words = f"{error.strerror} at the end of a link: were the data fetched?"
        raise FileNotFoundError(error.errno, words, path) from None


def _refuse(error: OSError) -> None:
    raise error


def _require_named(index: Path, found: list[Path]) -> None:
    """Raise MachineFault if an image that a DICOMDIR names is not among the files of its folder."""
    there = {_plain(file.relative_to(index.parent).parts) for file in found}
    named = named_in(index, _file_of)
    if lost := len(named - there):
        raise MachineFault(
            f"{lost} of {len(named)} images that the DICOMDIR names are not there (were all copied? If they are to be "
            "left out, name its folder in the sheet)"
        )


def _file_of(record: Dataset, series: str | None) -> str | None:
    """The name of the file that a record of an image names."""
    name = record.get("ReferencedFileID") if record.get("DirectoryRecordType") == "IMAGE" else None
    return _plain([name] if isinstance(name, str) else name) if name else None


def _plain(parts: Iterable[str]) -> str:
    """A name of a disc whatever copied it: in capitals or not, with a version (`;1`) and a last dot or without."""
    return re.sub(r"\.?(;\d+)?$", "", "/".join(parts)).upper()


def _unpack(path: Path, folder: Path, settings: DicomSettings) -> list[Path]:
    """Unpack under names of our own, so that no name in it can lead anywhere; of what is not DICOM, the beginning."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check(members, settings)
            folder.mkdir()
            for number, member in enumerate(members):
                _unpack_one(archive, member, folder, number)
    except DataFault:
        raise
    except Exception as error:  # a damaged zip may raise anything
        raise_machine_fault(error, path)
        raise DataFault("cohort", f"the zip cannot be unpacked: {type(error).__name__}, pack it again") from None
    found = sorted(folder.iterdir())
    if not any(file.suffix == ".dcm" for file in found) and any(file.suffix == ".zip" for file in found):
        raise DataFault("cohort", "the zip holds another zip and no DICOM: unpack it, or name the inner one")
    return found


def _unpack_one(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, number: int) -> None:
    """Unpack a member; its name keeps what tells a DICOMDIR, a hidden file and an unfinished copy."""
    own = PurePosixPath(member.filename).name
    kept = "DICOMDIR-" if own.upper() == "DICOMDIR" else "." if own.startswith(".") else ""
    name = folder / f"{kept}{number:06d}"
    unpack(archive, member, name)
    other = name.with_suffix(".other")
    if is_unfinished(own) and other.exists():
        other.rename(name.with_suffix(".part"))


def _check(members: list[zipfile.ZipInfo], settings: DicomSettings) -> None:
    _limit(len(members), settings)
    unpacked_gb = sum(member.file_size for member in members) / 1e9
    if unpacked_gb > settings.largest_unpacked_gb:
        limit = f"more than {format_plain(settings.largest_unpacked_gb)} GB"
        raise DataFault("cohort", f"the zip is too large: {unpacked_gb:.1f} GB unpacked, {limit}")
    for member in members:
        name = PurePosixPath(member.orig_filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or DRIVE.match(member.orig_filename):
            raise DataFault("cohort", "the zip is not safe: it holds a path that leads out of its folder")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise DataFault("cohort", "the zip is not safe: it holds a link, pack the files themselves")
        if member.flag_bits & 0x1:
            raise DataFault("cohort", "the zip is encrypted: unpack it with its password first")


def _limit(count: int, settings: DicomSettings) -> None:
    if count > settings.largest_files:
        raise DataFault("cohort", f"too many files: more than {settings.largest_files}, give one folder for each scan")
