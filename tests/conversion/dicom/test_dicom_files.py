"""Folders, DICOMDIRs, zips and files, whole and broken."""

import shutil
import zipfile

import pytest

from ichdag.conversion.dicom import is_dicom
from ichdag.file_errors import MachineFault


@pytest.fixture
def zipped(folder, draw, tmp_path):
    """The drawn series in a zip, within folders, beside other files; `more` adds members by name."""

    def pack(more=()):
        draw()
        with zipfile.ZipFile(tmp_path / "scan.zip", "w") as archive:
            for file in folder.rglob("*.dcm"):
                archive.write(file, f"export/DOE^JANE/{file.name}")
            archive.writestr("export/readme.txt", "made by a viewer")
            for name in more:
                archive.writestr(name, "x")
        return tmp_path / "scan.zip"

    return pack


def test_folders_zips_dicomdirs_and_dcm_files_are_dicom_and_nifti_is_not(folder, draw, tmp_path):
    draw()
    one = next(folder.rglob("*.dcm"))
    bare = shutil.copy(one, folder / "IM0001.x")
    for path in (folder, one, bare, tmp_path / "a.zip", tmp_path / "DICOMDIR", tmp_path / "gone"):
        assert is_dicom(path), path
    (tmp_path / "notes.txt").write_text("hello")
    for path in (tmp_path / "ct.nii.gz", tmp_path / "ct.nii", tmp_path / "notes.txt"):
        assert not is_dicom(path), path


def test_a_folder_is_converted_voxel_for_voxel(folder, draw, convert, is_exact):
    draw()
    done = convert(folder)
    assert is_exact(done) and done.volume.values.shape == (32, 32, 12)
    assert done.facts["files_dicom"] == 12 and done.facts["slice_step_mm"] == 10


def test_a_zip_is_converted_and_other_files_in_it_are_counted(zipped, convert, is_exact):
    done = convert(zipped())
    assert is_exact(done) and done.facts["files_other"] == 1


def test_a_dicomdir_means_its_folder(folder, draw, convert, is_exact):
    draw()
    (folder / "DICOMDIR").write_bytes(b"index")
    assert is_exact(convert(folder / "DICOMDIR"))


def test_other_files_in_a_folder_are_left_alone_and_counted(folder, draw, convert, is_exact):
    draw()
    (folder / "viewer.exe").write_bytes(b"MZ" * 500)
    (folder / "empty.dcm").touch()
    (folder / "Thumbs.db").write_text("thumb")
    done = convert(folder)
    assert is_exact(done) and done.facts["files_other"] == 3


def test_files_without_the_preamble_are_read(folder, draw, convert, is_exact):
    draw()
    for file in folder.rglob("*.dcm"):
        file.write_bytes(file.read_bytes()[132:])
    assert is_exact(convert(folder))


def test_a_copy_of_a_file_counts_once(folder, draw, convert, is_exact):
    draw()
    one = next(folder.rglob("*.dcm"))
    shutil.copy(one, folder / "copy.dcm")
    done = convert(folder)
    assert is_exact(done) and done.facts["files_copies"] == 1


def test_a_path_with_nothing_there_leaves_nobody_out_for_the_check_of_the_sheet_saw_it(tmp_path, convert):
    with pytest.raises(FileNotFoundError):
        convert(tmp_path / "gone")


def test_a_folder_that_became_empty_leaves_nobody_out(folder, convert):
    with pytest.raises(MachineFault, match="was not empty when the sheet was checked"):
        convert(folder)


def test_a_folder_with_nothing_but_empty_folders_is_left_out(folder, reason):
    (folder / "001").mkdir()
    assert reason(folder).startswith("empty: ")


def test_a_link_that_leads_nowhere_leaves_nobody_out(folder, draw, convert):
    draw()
    (folder / "linked.dcm").symlink_to(folder / "away/0001.dcm")
    with pytest.raises(FileNotFoundError):
        convert(folder)


def test_a_folder_without_dicom_is_left_out(folder, reason):
    (folder / "notes.txt").write_text("hello " * 100)
    assert reason(folder) == "no DICOM image among 1 files"


def test_a_broken_zip_is_left_out(zipped, reason):
    path = zipped()
    path.write_bytes(path.read_bytes()[:3000])
    assert "cannot be unpacked: BadZipFile" in reason(path)


def test_a_zip_with_a_damaged_member_is_left_out(zipped, reason):
    path = zipped()
    content = bytearray(path.read_bytes())
    content[1000] ^= 255
    path.write_bytes(content)
    assert "cannot be unpacked: BadZipFile" in reason(path)


@pytest.mark.parametrize(
    "name", ["../evil.dcm", "/etc/evil.dcm", "export/../../evil.dcm", "..\\evil.dcm", "C:\\evil.dcm"]
)
def test_a_zip_that_leads_out_of_its_folder_is_left_out(zipped, reason, tmp_path, name):
    assert "not safe: it holds a path" in reason(zipped([name]))
    assert not list(tmp_path.rglob("*evil*"))


def test_a_zip_with_a_link_is_left_out(zipped, reason):
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    assert "not safe: it holds a link" in reason(zipped([link]))


def test_a_zip_too_large_unpacked_is_left_out(zipped, reason):
    assert "too large" in reason(zipped(), max_unpacked_gb=1e-5)


def test_too_many_files_are_left_out(folder, draw, reason):
    draw()
    assert "more than 11" in reason(folder, max_files=11)


def test_a_zip_without_dicom_is_left_out(tmp_path, reason):
    with zipfile.ZipFile(tmp_path / "scan.zip", "w") as archive:
        archive.writestr("readme.txt", "no images here")
    assert reason(tmp_path / "scan.zip") == "no DICOM image among 1 files"


def test_an_empty_zip_is_left_out(tmp_path, reason):
    zipfile.ZipFile(tmp_path / "scan.zip", "w").close()
    assert reason(tmp_path / "scan.zip").startswith("empty: ")


def test_files_of_two_patients_are_left_out(folder, draw, reason):
    draw()
    draw(number=3, patient="P2")
    assert reason(folder) == "several patients: 2 of them, give one folder for each scan"


def test_a_file_cut_short_in_its_header_is_left_out(folder, draw, reason):
    draw()
    one = next(folder.rglob("*.dcm"))
    whole = one.read_bytes()
    for size in (450, 900, 1100):  # in the identity, in the geometry, in what the pixels are
        one.write_bytes(whole[:size])
        assert reason(folder).startswith("damaged DICOM: 1 of 12 files")


def test_a_file_cut_short_in_its_pixels_is_left_out(folder, draw, reason):
    draw()
    one = next(folder.rglob("*.dcm"))
    one.write_bytes(one.read_bytes()[:-100])
    assert reason(folder).startswith("pixel data cut short: a file is not whole")
