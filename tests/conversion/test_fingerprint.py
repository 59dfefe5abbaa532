"""Originals are known by names, sizes and dates of all their files."""

import builtins
import errno
import os
import shutil
from contextlib import contextmanager

import pytest

from ichdag.conversion import fingerprint as module


def fingerprint(path, max_files=1000):
    module._describe_path.cache_clear()
    return module.fingerprint({"baseline_ct": str(path), "followup_ct": None}, max_files=max_files)


@pytest.fixture
def series(tmp_path):
    """A folder with slices in a folder of its own, and a DICOMDIR beside it."""
    folder = tmp_path / "scan"
    (folder / "series/deep").mkdir(parents=True)
    for number in range(3):
        (folder / f"series/deep/{number}.dcm").write_bytes(b"slice %d" % number)
    (folder / "DICOMDIR").write_bytes(b"index")
    return folder


@pytest.fixture
def broken():
    """Within the block a function of the system fails at one path, with this error."""

    @contextmanager
    def run(module, name, path, number):
        real = getattr(module, name)

        def fail(given, *arguments, **options):
            if str(given) == str(path):
                raise OSError(number, os.strerror(number), str(given))
            return real(given, *arguments, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, name, fail)
            yield

    return run


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


def test_each_data_file_of_a_header_counts_and_a_stranger_beside_it_does_not(apart):
    header, data = apart
    before = fingerprint(header)
    (header.parent / "stranger.raw").write_bytes(b"1")
    assert fingerprint(header) == before
    for file in {data[0], data[-1]}:
        dates, aside = file.stat().st_mtime, file.with_name("aside")
        os.utime(file, (1, 1))
        assert fingerprint(header) != before, "an older date"
        os.utime(file, (dates, dates))
        file.rename(aside)
        assert fingerprint(header) != before, "a file that is away"
        aside.rename(file)
        assert fingerprint(header) == before


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EACCES])
def test_a_data_file_that_cannot_be_looked_at_counts_as_that(apart, broken, number):
    header, data = apart
    before = fingerprint(header)
    with broken(os, "stat", data[-1], number):
        assert fingerprint(header) not in (before, fingerprint(header.with_name("none.nhdr")))
    assert fingerprint(header) == before


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EACCES])
def test_a_header_that_cannot_be_read_counts_as_that(apart, broken, number):
    before = fingerprint(apart[0])
    with broken(builtins, "open", apart[0], number):
        assert fingerprint(apart[0]) != before
    assert fingerprint(apart[0]) == before


def test_data_files_elsewhere_are_not_looked_at(tmp_path):
    (tmp_path / "masks").mkdir()
    (tmp_path / "voxels.raw").write_bytes(b"1")
    (tmp_path / "masks/mask.nhdr").write_text("NRRD0004\ndata file: ../voxels.raw\n")
    before = fingerprint(tmp_path / "masks/mask.nhdr")
    (tmp_path / "voxels.raw").write_bytes(b"12")
    assert fingerprint(tmp_path / "masks/mask.nhdr") == before


def test_a_missing_file_and_a_link_to_nowhere_are_no_error_and_a_huge_folder_is_not_walked_to_its_end(tmp_path):
    assert fingerprint(tmp_path / "none.nii") == fingerprint(tmp_path / "nothing.nii")
    (tmp_path / "folder").mkdir()
    for number in range(5):
        (tmp_path / f"folder/{number}").symlink_to("nowhere")
    assert fingerprint(tmp_path / "folder", max_files=2) == fingerprint(tmp_path / "folder", max_files=2)


def test_folders_behind_links_count_and_links_that_lead_back_end(series, tmp_path):
    (tmp_path / "apart").mkdir()
    (series / "linked").symlink_to(tmp_path / "apart")
    for name in ("back", "again"):
        (tmp_path / "apart" / name).symlink_to(series)
    before = fingerprint(series)
    (tmp_path / "apart" / "3.dcm").write_bytes(b"slice 3")
    assert fingerprint(series) != before


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EACCES])
@pytest.mark.parametrize("place", ["", "series", "series/deep"])
@pytest.mark.parametrize("named", ["", "DICOMDIR"])
def test_a_folder_that_cannot_be_listed_counts_as_that(series, broken, named, place, number):
    before = fingerprint(series / named)
    with broken(os, "scandir", series / place, number):
        unreadable = fingerprint(series / named)
    shutil.copytree(series, series.with_name("aside"), copy_function=shutil.copy2)
    shutil.rmtree(series / place)
    assert unreadable not in (before, fingerprint(series / named))
    shutil.copytree(series.with_name("aside"), series, copy_function=shutil.copy2, dirs_exist_ok=True)
    assert fingerprint(series / named) == before


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EACCES, errno.ENOTDIR, errno.ELOOP])
@pytest.mark.parametrize("name", ["scan.nii.gz", "series/deep/1.dcm", ""])
def test_what_cannot_be_looked_at_counts_as_that(series, broken, name, number):
    (series / "scan.nii.gz").write_bytes(b"voxels")
    named = series / name if name.endswith("gz") else series
    before = fingerprint(named)
    with broken(os, "stat", series / name, number):
        assert fingerprint(named) != before
    assert fingerprint(named) == before


def test_a_link_to_itself_counts_as_that(series):
    before = fingerprint(series)
    (series / "loop").symlink_to("loop")
    assert fingerprint(series) != before
