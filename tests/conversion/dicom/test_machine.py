"""What the machine does to a conversion leaves nobody out: the job fails, and done again it gives the right record."""

import builtins
import errno
import io
import os
import shutil
import subprocess
import zipfile
from contextlib import contextmanager, nullcontext
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from pydicom.fileset import FileSet
from pydicom.sr.codedict import codes

from ichdag.conversion.dicom import decoding, dicom_to_volume
from ichdag.conversion.participant_scans import ConversionSettings, convert_participant
from ichdag.file_errors import MachineFault
from ichdag.records import to_record

UNREADABLE = "/proc/self/mem"  # it opens, and every read of its beginning is an input/output error


@pytest.fixture
def participant(settings, tmp_path):
    """Convert the originals of a participant: the record of the baseline."""

    def run(files, workdir=tmp_path / "work"):
        how = ConversionSettings("exclude", 0.1, 400, -300, settings())
        paths = {name: str(path) for name, path in files.items()}
        _, record = convert_participant(paths, subject="S1", row={}, settings=how, workdir=workdir)
        return to_record(record)["baseline"]

    return run


@pytest.fixture
def fails_alone(participant, tmp_path):
    """A conversion under a fault raises it, names no original and leaves nothing; without it, it gives the record."""

    def run(files, fault, words, workdir=tmp_path / "work"):
        undisturbed = participant(files)
        assert undisturbed["status"] == "included", undisturbed["reason"]
        with fault:
            with pytest.raises(MachineFault, match=words) as caught:
                participant(files, workdir)
            assert not (workdir.exists() and list(workdir.iterdir()))
        message = str(caught.value)
        assert message.startswith("the baseline scan could not be converted: ") and "nobody is left out" in message
        assert "DOE" not in message.upper() and "JANE" not in message.upper() and str(tmp_path) not in message
        assert caught.value.__suppress_context__, "the log would tell of the error before, which names the original"
        assert participant(files) == undisturbed

    return run


@contextmanager
def replaced(path, target=None):
    """Within the block the path is a link to the target, or is not there."""
    aside = path.parent.parent / f"aside-{path.name}"
    path.rename(aside)
    if target:
        path.symlink_to(target)
    yield
    path.unlink(missing_ok=True)
    aside.rename(path)


@contextmanager
def opening(name, number):
    """Within the block files whose path has this name cannot be opened, with this error of the system."""
    real = builtins.open

    def refuse(path, *arguments, **options):
        if not isinstance(path, int) and name in str(path):
            raise OSError(number, os.strerror(number), str(path))
        return real(path, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builtins, "open", refuse)
        patch.setattr(io, "open", refuse)
        yield


@contextmanager
def raising(module, name, error):
    """Within the block a function raises an error."""

    def fail(*arguments, **options):
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, fail)
        yield


@contextmanager
def disk(folder, kilobytes):
    """Within the block a folder is a disk of that size."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a disk of a given size can only be made by root where mounting is allowed")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def series(folder, draw):
    """A drawn series: its folder, and one of its files."""
    draw()
    return folder, folder / "002/JANE_0003.dcm"


@pytest.fixture
def zipped(series, tmp_path):
    """The series in a zip of several times its size, so that a small disk cannot hold what it holds."""
    with zipfile.ZipFile(tmp_path / "DOE.zip", "w") as archive:
        for file in series[0].rglob("*.dcm"):
            archive.write(file, f"JANE/{file.name}")
    return tmp_path / "DOE.zip"


@pytest.fixture
def segmented(series, convert, drawn_hu, tmp_path):
    """A segmentation of the drawn ball."""
    headers = [pydicom.dcmread(file) for file in sorted(series[0].rglob("*.dcm"))]
    volume = convert(series[0]).volume
    values = (drawn_hu(volume) > 45)[::-1, ::-1].transpose(2, 1, 0).astype(np.uint8)
    described = highdicom.seg.SegmentDescription(
        1, "lesion", codes.SCT.MorphologicallyAbnormalStructure, codes.SCT.Hemorrhage, "MANUAL"
    )
    uids = {"series_instance_uid": highdicom.UID(), "sop_instance_uid": highdicom.UID()}
    made = {"manufacturer": "M", "manufacturer_model_name": "M", "software_versions": "1", "device_serial_number": "1"}
    numbers = {"series_number": 9, "instance_number": 1}
    highdicom.seg.Segmentation(headers, values, "BINARY", [described], **uids, **numbers, **made).save_as(
        tmp_path / "DOE_mask.dcm"
    )
    return tmp_path / "DOE_mask.dcm"


def test_a_file_of_a_folder_that_the_disk_cannot_read(series, fails_alone):
    fails_alone({"baseline_ct": series[0]}, replaced(series[1], UNREADABLE), "OSError, Input/output error")


def test_a_zip_that_the_disk_cannot_read(zipped, tmp_path, fails_alone):
    (tmp_path / "a").mkdir()
    path = shutil.move(zipped, tmp_path / "a/DOE.zip")
    fails_alone({"baseline_ct": path}, replaced(path, UNREADABLE), "OSError, Input/output error")


def test_a_multi_frame_file_that_the_disk_cannot_read(folder, draw_frames, fails_alone):
    draw_frames()
    path = folder / "enhanced.dcm"
    fails_alone({"baseline_ct": path}, replaced(path, UNREADABLE), "OSError, Input/output error")


def test_a_segmentation_that_the_disk_cannot_read(series, segmented, tmp_path, fails_alone):
    (tmp_path / "a").mkdir()
    path = shutil.move(segmented, tmp_path / "a/DOE_mask.dcm")
    files = {"baseline_ct": series[0], "baseline_mask": path}
    fails_alone(files, replaced(path, UNREADABLE), "OSError, Input/output error")


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EACCES, errno.ENOENT, errno.EMFILE, errno.ETIMEDOUT])
@pytest.mark.parametrize("kind", ["folder", "zip", "segmentation"])
def test_an_original_that_cannot_be_opened(series, zipped, segmented, fails_alone, kind, number):
    files = {"baseline_ct": zipped if kind == "zip" else series[0]}
    files |= {"baseline_mask": segmented} if kind == "segmentation" else {}
    name = {"folder": "JANE_0003", "zip": "DOE.zip", "segmentation": "DOE_mask"}[kind]
    fails_alone(files, opening(name, number), f", {os.strerror(number)}")


def test_pixels_that_the_disk_cannot_read_after_it_could_read_the_header(series, fails_alone):
    fault = raising(dicom_to_volume, "decode_pixels", OSError(errno.EIO, "Input/output error", str(series[1])))
    fails_alone({"baseline_ct": series[0]}, fault, "OSError, Input/output error")


def test_a_folder_that_is_away(series, fails_alone):
    fails_alone({"baseline_ct": series[0]}, replaced(series[0]), "FileNotFoundError, No such file or directory")


def test_a_folder_that_is_empty_as_a_disk_that_is_not_mounted_is(series, tmp_path, fails_alone):
    (tmp_path / "empty").mkdir()
    fault = replaced(series[0], tmp_path / "empty")
    fails_alone({"baseline_ct": series[0]}, fault, "was not empty when the sheet was checked")


@pytest.fixture
def disc(series, tmp_path):
    """The series as on a disc: its DICOMDIR, and one of its files."""
    files = FileSet()
    for file in series[0].rglob("*.dcm"):
        files.add(file)
    files.write(tmp_path / "disc")
    return tmp_path / "disc/DICOMDIR", next((tmp_path / "disc").rglob("*IM*3"))


def test_an_image_that_a_dicomdir_names_and_that_is_away(disc, fails_alone):
    fails_alone({"baseline_ct": disc[0]}, replaced(disc[1]), "1 of 12 images that the DICOMDIR names are not there")


def test_a_disc_without_its_images(disc, fails_alone):
    fault = replaced(disc[1].parents[2])
    fails_alone({"baseline_ct": disc[0]}, fault, "12 of 12 images that the DICOMDIR names are not there")


def test_an_image_that_is_away_does_not_matter_where_the_folder_is_named(disc, participant):
    disc[1].unlink()
    assert "12 of" not in participant({"baseline_ct": disc[0].parent})["reason"]


def test_a_dicomdir_that_the_disk_cannot_read(disc, fails_alone):
    fails_alone({"baseline_ct": disc[0]}, opening("DICOMDIR", errno.EIO), "OSError, Input/output error")


@pytest.mark.parametrize("form", ["{}", "{};1", "{}.;1", "{}."])
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_names_as_a_copy_of_a_disc_may_have_them_are_those_of_its_dicomdir(disc, participant, form, case):
    for file in disc[0].parent.rglob("*IM*"):
        file.rename(file.with_name(form.format(case(file.name))))
    (disc[0].parent / "PT000000").rename(disc[0].parent / case("PT000000"))
    assert participant({"baseline_ct": disc[0]})["status"] == "included"


def test_a_record_of_a_dicomdir_that_is_in_use_no_more_names_no_image(disc, participant):
    index = pydicom.dcmread(disc[0])
    images = [one for one in index.DirectoryRecordSequence if one.DirectoryRecordType == "IMAGE"]
    last = next(one for one in images if one.ReferencedFileID[-1].endswith("11"))
    last.RecordInUseFlag = 0
    index.save_as(disc[0])
    disc[0].parent.joinpath(*last.ReferencedFileID).unlink()
    reason = participant({"baseline_ct": disc[0]})["reason"]
    assert reason is None or "DICOMDIR" not in reason


def test_a_file_that_goes_away_while_the_folder_is_read(series, fails_alone):
    fails_alone({"baseline_ct": series[0]}, replaced(series[1], "nowhere"), "FileNotFoundError, No such file")


def test_a_folder_within_that_may_not_be_listed(series, fails_alone):
    """Python's own walks pass it over, and the scan would lack slices."""
    real = os.scandir

    def refuse(path):
        if str(path).endswith("/002"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    with pytest.MonkeyPatch.context() as patch:

        @contextmanager
        def locked():
            patch.setattr(os, "scandir", refuse)
            yield
            patch.undo()

        fails_alone({"baseline_ct": series[0]}, locked(), "PermissionError, Permission denied")


def test_want_of_memory(series, fails_alone):
    fails_alone(
        {"baseline_ct": series[0]}, raising(dicom_to_volume, "correct_tilt_and_spacing", MemoryError()), "MemoryError"
    )


def test_a_disk_that_is_full_while_a_zip_is_unpacked(zipped, tmp_path, fails_alone):
    small = tmp_path / "small"
    fails_alone({"baseline_ct": zipped}, disk(small, 20), "No space left on device", workdir=small / "work")


def test_a_disk_that_is_full_while_copies_are_written(series, tmp_path, fails_alone):
    small = tmp_path / "small"
    fails_alone({"baseline_ct": series[0]}, disk(small, 20), "No space left on device", workdir=small / "work")


def test_a_disk_that_is_full_when_dcm2niix_writes(series, tmp_path, fails_alone):
    """12 copies of 4 kB fit, the volume of 24 kB does not."""
    small = tmp_path / "small"
    fails_alone(
        {"baseline_ct": series[0]}, disk(small, 60), "dcm2niix was killed or has no room", workdir=small / "work"
    )


@pytest.fixture
def dcm2niix(tmp_path, monkeypatch):
    """Within a block another dcm2niix is found: a shell script that gets the same arguments."""

    @contextmanager
    def program(script):
        file = tmp_path / "bin/dcm2niix"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/bash\n{script}\n")
        file.chmod(0o755)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", f"{file.parent}:{os.environ['PATH']}")
            yield

    return program


REAL = f'"{decoding._find_dcm2niix()}" "$@"'
OUT = 'out=$(echo "$@" | sed "s/.* -o //; s/ .*//")'


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("kill -9 $$", "status -9"),
        ("kill -11 $$", "status -11"),
        ("exit 247", "status 247"),  # as Python hands on that a child was killed by signal 9
        ("exit 137", "status 137"),  # as a shell does
        ("exit 7", "status 7"),
        ("echo 'Memory exhausted!'; exit 1", "status 1"),
        ("echo 'Unable to write ct.nii (disk full?)'; exit 0", "status 0"),
        (f"{OUT}; {REAL}; truncate -s 9000 $out/ct.nii", "not whole: is the disk full"),
        (f"{OUT}; {REAL}; : > $out/ct.nii", "not whole: is the disk full"),
    ],
)
def test_a_dcm2niix_that_is_killed_or_has_no_room(series, fails_alone, dcm2niix, script, words):
    fails_alone({"baseline_ct": series[0]}, dcm2niix(script), words)


def test_a_dcm2niix_that_hangs_is_ended_with_all_its_children(series, fails_alone, dcm2niix, tmp_path, monkeypatch):
    waiting = f"sleep 300 & echo $! > {tmp_path}/child; wait"
    with monkeypatch.context() as patch:
        patch.setattr(decoding, "TIMEOUT_S", 3)
        fails_alone({"baseline_ct": series[0]}, dcm2niix(waiting), "dcm2niix did not end within 3 s")
    child = Path("/proc", (tmp_path / "child").read_text().strip(), "stat")
    assert not child.exists() or child.read_text().rpartition(") ")[2][0] in "ZX"


@pytest.mark.parametrize("status", [1, 2, 4, 8])
def test_a_dcm2niix_that_reads_no_pixels_where_there_is_room_leaves_the_scan_out(series, participant, dcm2niix, status):
    with dcm2niix(f"exit {status}"):
        record = participant({"baseline_ct": series[0]})
    assert record["status"] == "excluded"
    assert record["reason"].startswith(f"pixel data cannot be read: dcm2niix status {status}")
    assert record["absent"] == {"ct": record["reason"], "mask": "none in the sheet"}


def test_the_temporary_disk_of_the_machine_is_not_used(zipped, participant, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    assert participant({"baseline_ct": zipped})["status"] == "included"


def test_without_a_fault_the_record_is_that_of_every_other_run(zipped, fails_alone):
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        fails_alone({"baseline_ct": zipped}, nullcontext(), "x")
