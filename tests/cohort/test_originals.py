"""Originals are known by names, sizes and dates of all their files."""

import os
import shutil

import pytest

from ichdag.cohort import originals


def fingerprint(path, largest_files=1000):
    originals._of.cache_clear()
    return originals.fingerprint({"baseline_ct": str(path), "followup_ct": None}, largest_files=largest_files)


@pytest.fixture
def series(tmp_path):
    """A folder with slices in a folder of its own, and a DICOMDIR beside it."""
    folder = tmp_path / "scan"
    (folder / "series/deep").mkdir(parents=True)
    for number in range(3):
        (folder / f"series/deep/{number}.dcm").write_bytes(b"slice %d" % number)
    (folder / "DICOMDIR").write_bytes(b"index")
    return folder


def edits(folder):
    deep = folder / "series/deep"
    yield "a slice added below", lambda: (deep / "3.dcm").write_bytes(b"slice 3")
    yield "a slice taken away", lambda: (deep / "0.dcm").unlink()
    yield "a slice overwritten in place", lambda: (deep / "1.dcm").write_bytes(b"another slice")
    yield "an older date", lambda: os.utime(deep / "2.dcm", (1, 1))
    yield "another name", lambda: (deep / "2.dcm").rename(deep / "9.dcm")
    yield "a file beside", lambda: (folder / "new").write_bytes(b"")


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("named", ["", "DICOMDIR"])
def test_any_change_in_a_folder_or_beside_a_dicomdir_is_noticed(series, number, named):
    before = fingerprint(series / named)
    assert fingerprint(series / named) == before
    name, edit = list(edits(series))[number]
    edit()
    assert fingerprint(series / named) != before, name


def test_a_file_with_an_older_date_is_another_one_and_a_moved_study_is_the_same(series, tmp_path):
    scan = tmp_path / "a/scan.nii.gz"
    scan.parent.mkdir()
    scan.write_bytes(b"voxels")
    before, folder = fingerprint(scan), fingerprint(series)
    moved = shutil.copytree(tmp_path / "a", tmp_path / "b", copy_function=shutil.copy2) / "scan.nii.gz"
    assert fingerprint(moved) == before
    assert fingerprint(shutil.copytree(series, tmp_path / "moved", copy_function=shutil.copy2)) == folder
    os.utime(scan, (1_000_000, 1_000_000))
    assert fingerprint(scan) != before


@pytest.mark.parametrize(
    "header",
    ["NRRD0004\ntype: uchar\ndata file: voxels.raw\n", "NRRD0004\ndatafile: LIST\nvoxels.raw\nmore.raw\n"],
)
def test_the_data_file_of_a_header_counts_and_a_stranger_beside_it_does_not(tmp_path, header):
    path = tmp_path / "mask.nhdr"
    path.write_text(header, "utf-8")
    (tmp_path / "voxels.raw").write_bytes(b"123")
    before = fingerprint(path)
    (tmp_path / "stranger.raw").write_bytes(b"1")
    assert fingerprint(path) == before
    (tmp_path / "voxels.raw").write_bytes(b"1234")
    assert fingerprint(path) != before


def test_a_pair_of_header_and_image_counts_with_both(tmp_path):
    for name in ("scan.hdr", "scan.img"):
        (tmp_path / name).write_bytes(b"1")
    before = fingerprint(tmp_path / "scan.hdr"), fingerprint(tmp_path / "scan.img")
    (tmp_path / "scan.img").write_bytes(b"12")
    assert fingerprint(tmp_path / "scan.hdr") != before[0] and fingerprint(tmp_path / "scan.img") != before[1]


def test_a_missing_file_and_a_link_to_nowhere_are_no_error_and_a_huge_folder_is_not_walked_to_its_end(tmp_path):
    assert fingerprint(tmp_path / "none.nii") == fingerprint(tmp_path / "nothing.nii")
    (tmp_path / "folder").mkdir()
    for number in range(5):
        (tmp_path / f"folder/{number}").symlink_to("nowhere")
    assert fingerprint(tmp_path / "folder", largest_files=2) == fingerprint(tmp_path / "folder", largest_files=2)


def test_folders_behind_links_count_and_links_that_lead_back_end(series, tmp_path):
    (tmp_path / "apart").mkdir()
    (series / "linked").symlink_to(tmp_path / "apart")
    for name in ("back", "again"):
        (tmp_path / "apart" / name).symlink_to(series)
    before = fingerprint(series)
    (tmp_path / "apart" / "3.dcm").write_bytes(b"slice 3")
    assert fingerprint(series) != before
