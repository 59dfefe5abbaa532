"""Files beside slices that were not copied, not fetched or not unpacked are no other files: they leave the scan out."""

import gzip
import re
import uuid
import zipfile

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from ichdag.conversion.dicom.dicom_files import collect_files
from ichdag.conversion.dicom.dicom_to_volume import select_scan
from ichdag.conversion.dicom.dicomdir import refuse_missing_images
from ichdag.conversion.dicom.headers import read_headers
from ichdag.jobs import DataFault

NAMES = {
    "UUIDs": lambda index: str(uuid.UUID(int=index * 0x1234567890ABCDEF1234567, version=4)),
    "hexadecimal": lambda index: f"{index * 2654435761 % 2**32:08X}",
    "letters": lambda index: "abcdefghijkl"[index] * 2,
    "numbers": lambda index: f"IM{index:04d}.dcm",
}
CONTENTS = {
    "empty": lambda content: b"",
    "all zeros": lambda content: bytes(len(content)),
    "data not fetched": lambda content: b"/annex/objects/SHA256E-s9--ab.dcm\n",
    "packed one by one": gzip.compress,
    "not DICOM, but named or as large as the slices": lambda content: content[:128] + b"XXXX" + content[132:],
}


@pytest.fixture
def named(folder, draw):
    """Draw a series of small files with these names, in one folder, and give them in order."""

    def write(names):
        draw(size=8, pixel_mm=24.0)
        files = sorted(folder.rglob("*.dcm"))
        return [file.rename(folder / NAMES[names](index)) for index, file in enumerate(files)]

    return write


@pytest.fixture
def headers(folder, settings, tmp_path):
    """The headers of all files in the test's folder, or at another path."""

    def read(path=folder):
        return read_headers(collect_files(path, folder=tmp_path, settings=settings()))

    return read


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_among_slices_that_holds_none_leaves_the_scan_out(folder, named, headers, tmp_path, names, kind, packed):
    files = named(names)
    for file in files[-2:]:
        file.write_bytes(CONTENTS[kind](file.read_bytes()))
    if packed and kind.startswith("not DICOM"):
        return  # of what is no DICOM in a zip neither name nor size is kept
    if packed:
        with zipfile.ZipFile(tmp_path / "scan.zip", "w") as archive:
            for file in files:
                archive.write(file, f"ST0/{file.name}")
    with pytest.raises(DataFault, match=re.escape(f"2 of 12 files cannot be read (2 {kind}), copy them again")):
        headers(tmp_path / "scan.zip" if packed else folder)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("{}.part", "unfinished copies"),
        ("{}.crdownload", "unfinished copies"),
        (".{}.Xa3f9Q", "unfinished copies"),
        ("{}.tmp", "unfinished copies"),
        ("{}.gz", "packed one by one"),
        ("{}.zst", "packed one by one"),
    ],
)
def test_a_slice_under_the_name_of_an_unfinished_or_packed_copy_leaves_the_scan_out(folder, named, headers, name, kind):
    last = named("numbers")[-1]
    last.write_bytes(b"something else")
    last.rename(folder / name.format(last.name))
    with pytest.raises(DataFault, match=f"1 of 12 files cannot be read \\(1 {kind}\\)"):
        headers()


def test_other_files_beside_slices_and_empty_ones_elsewhere_are_left_alone(folder, named, headers):
    named("numbers")
    (folder / "viewer").mkdir()
    for name in (".DS_Store", ".nomedia", "viewer/log.txt", "viewer/a.part"):
        (folder / name).touch()
    for name in ("readme.txt", "report.csv.gz", "._IM0001.dcm", ".viewer.config"):
        (folder / name).write_bytes(gzip.compress(b"words") if name.endswith("gz") else b"words")
    slices, counts = headers()
    assert len(slices) == 12 and counts["other"] == 8


@pytest.mark.parametrize("tags", [{}, {"Rows": 8}])
def test_a_readable_object_that_says_not_what_it_is_is_no_slice_unless_it_has_pixels(folder, named, headers, tags):
    named("numbers")
    note = Dataset()
    note.PatientID, note.file_meta = "P1", FileMetaDataset()
    note.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for name, value in tags.items():
        setattr(note, name, value)
    pydicom.dcmwrite(folder / "note", note, enforce_file_format=False)
    content = (folder / "note").read_bytes()
    (folder / "note").write_bytes(content if content[128:132] == b"DICM" else bytes(128) + b"DICM" + content)
    if tags:
        with pytest.raises(DataFault, match="1 of 13 files cannot be read \\(1 headers not whole\\)"):
            headers()
    else:
        slices, counts = headers()
        assert len(slices) == 12 and counts["other"] == 1


@pytest.fixture
def directory(folder):
    """Write a DICOMDIR that names these files."""

    def write(files):
        from pydicom.fileset import FileSet

        own = FileSet()
        for file in files:
            own.add(file)
        own.write(folder / "written", use_existing=False)
        (folder / "written" / "DICOMDIR").rename(folder / "DICOMDIR")
        for file in (folder / "written").rglob("*"):
            if file.is_file():
                file.unlink()

    return write


@pytest.mark.parametrize("gone", [0, 3])
def test_images_that_the_dicomdir_names_must_be_there(folder, draw, directory, settings, tmp_path, gone):
    draw(size=8, pixel_mm=24.0, count=15)
    files = sorted(folder.rglob("*.dcm"))
    directory(files)
    for file in files[15 - gone :]:
        file.unlink()
    present = collect_files(folder, folder=tmp_path, settings=settings())  # a DICOMDIR must be complete
    slices, _ = read_headers(present)
    chosen, *_ = select_scan(slices, series=None, settings=settings())
    if gone:
        with pytest.raises(DataFault, match="3 of 15 images that the DICOMDIR names of this series are not there"):
            refuse_missing_images(chosen, slices, present)
    else:
        refuse_missing_images(chosen, slices, present)


def test_a_dicomdir_that_is_damaged_or_of_other_files_says_nothing(folder, draw, directory, headers, settings):
    draw(size=8, pixel_mm=24.0)
    directory(sorted(folder.rglob("*.dcm")))
    slices, _ = headers()
    chosen, *_ = select_scan(slices, series=None, settings=settings())
    for plane in slices:
        plane.header.SOPInstanceUID += ".1"
    refuse_missing_images(chosen, slices, [folder / "DICOMDIR"])
    (folder / "DICOMDIR").write_bytes((folder / "DICOMDIR").read_bytes()[:700])
    refuse_missing_images(chosen, slices, [folder / "DICOMDIR"])
