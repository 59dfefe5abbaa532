"""Copy of a study fit to be shared: report, figures and tables of groups, searched for all that names a participant.

`python workflow/sharing.py STUDY TO` copies what results/ro-crate-metadata.json lists. Each file is first searched for
ids, person_ids, names of originals and free texts of the sheet, and for names, numbers, dates and UIDs of the headers
of the originals. Where one is found nothing is copied.
"""

import html
import io
import json
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CODE = Path(__file__).parents[1]
sys.path.insert(0, str(CODE / "src"))

from ichdag.cohort.sheet import FILES, Sheet, column_schema, read_sheet  # noqa: E402
from ichdag.jobs import StudyError  # noqa: E402
from ichdag.provenance.crate import LISTED, SETTINGS  # noqa: E402
from ichdag.records import read_yaml  # noqa: E402

CRATE = "ro-crate-metadata.json"
EMBEDDED = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=\s]+")  # pictures within a page
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
WORD = re.compile(r"[^\W\d_]{3,}|\d{5,}")
PERSONAL = frozenset(
    (
        *("PatientID", "OtherPatientIDs", "PatientBirthDate", "PatientAddress", "PatientTelephoneNumbers", "StudyID"),
        *("MedicalRecordLocator", "AccessionNumber", "InstitutionName", "InstitutionAddress", "StationName"),
        *("DeviceSerialNumber", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"),
        *("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "PatientComments", "ImageComments"),
    )
)
Values = dict[str, str]  # a value that names somebody, and where it comes from


def share(study: Path, target: Path) -> list[str]:
    """Copy what may be shared of a study into a new folder, and give the names of the files.

    Raises StudyError if a file holds what names a participant (which is not said), or there is no finished study.
    """
    results = study / "results"
    files = sorted({path for pattern in (*LISTED, CRATE) for path in results.glob(pattern)})
    if results / CRATE not in files:
        raise StudyError(f"{results / CRATE} is not there: run the study to its end first")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise StudyError(f"{target} is there already: name a folder that is not")
    sheet = read_sheet(study / read_yaml(results / SETTINGS)["participants"])
    values = identifying(sheet, study)
    hits = [f"{path.relative_to(study)} has what stands in {where}" for path in files for where in _found(path, values)]
    if hits:
        raise StudyError("nothing was copied, for these files name somebody:\n  " + "\n  ".join(hits))
    for path in files:
        copy = target / path.relative_to(results)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return [path.relative_to(results).as_posix() for path in files]


def identifying(sheet: Sheet, study: Path) -> Values:
    """What names a participant, in the sheet and in the headers and names of the originals.

    Words that this workflow's own texts use (scan, baseline, White) are no names by themselves.
    """
    common, values = vocabulary(), {}
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        values[str(row["participant_id"])] = f"row {number}, column participant_id"
        for column, cell in row.items():
            where = f"row {number}, column {column}"
            if column in FILES and cell:
                told = [cell, *_told_by(study / cell)]
            else:
                free = column == "person_id" or not column_schema(column)
                told = [cell] if free and isinstance(cell, str) else []
            values |= dict.fromkeys(_names(told, common), where)
        if (person := row.get("person_id")) and not (person.isdigit() and len(person) < 4):
            values[person] = f"row {number}, column person_id"
    return values


def vocabulary() -> set[str]:
    """The words of this workflow's code, settings, captions and documents."""
    folders = [CODE / name for name in ("src", "workflow", "config", "rules", "docs", "resources")]
    kinds = {".py", ".rst", ".json", ".yaml", ".smk", ".md", ".html", ".tsv"}
    texts = (path.read_text("utf-8", "replace") for one in folders for path in one.rglob("*") if path.suffix in kinds)
    return {word.lower() for text in texts for word in WORD.findall(text)}


def _names(told: list[str], common: set[str]) -> Iterator[str]:
    """Texts that are long enough to be told from others, and their words that are not common."""
    for text in told:
        if len(text) > 3 and text.lower() not in common:
            yield text
        yield from (word for word in WORD.findall(text) if word.lower() not in common)


def _told_by(original: Path) -> Iterator[str]:
    """What the files of one original say and are called: DICOM in a folder or a zip, or one file."""
    if original.is_dir() or original.name.upper() == "DICOMDIR":
        folder = original if original.is_dir() else original.parent
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            yield path.stem
            yield from _header(path)
    elif original.suffix.lower() == ".zip":
        with zipfile.ZipFile(original) as archive:
            for name in archive.namelist():
                yield Path(name).stem
                yield from _header(io.BytesIO(archive.read(name)))
    elif original.is_file():
        yield from _header(original)


def _header(file: Any) -> Iterator[str]:
    """Names of people and all PERSONAL tags of a DICOM file; the free texts of a NIfTI header."""
    import nibabel
    import pydicom

    if isinstance(file, Path) and file.name.lower().endswith((".nii", ".nii.gz")):
        header = nibabel.load(file).header
        yield from (str(header[name].astype(str)) for name in ("descrip", "aux_file", "db_name") if name in header)
        return
    try:
        dataset = pydicom.dcmread(file, stop_before_pixels=True, force=True)
        for element in dataset.iterall():
            if element.VR == "PN" or element.keyword in PERSONAL:
                yield str(element.value).replace("^", " ").strip()
    except Exception:  # not DICOM: it has no header to be searched for
        return


def _found(path: Path, values: Values) -> list[str]:
    """Where the values come from that a file holds, each place once."""
    text = EMBEDDED.sub("", path.read_text("utf-8", "replace"))
    text = html.unescape(ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)).lower()
    words = set(re.findall(r"\w+", text)) | set(WORD.findall(text))
    simple = {value for value in values if value.isalnum()}
    hits = [value for value in simple if value.lower() in words]
    hits += [value for value in values.keys() - simple if value.lower() in text]
    return sorted({values[value] for value in hits})


if __name__ == "__main__":
    try:
        print(json.dumps(share(Path(sys.argv[1]), Path(sys.argv[2])), indent=1))
    except StudyError as error:
        sys.exit(str(error))
