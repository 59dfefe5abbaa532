"""Files of a job appear whole or not at all, the group can read them, and nothing stays behind."""

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from snakemake.iocontainers import Namedlist

from ichdag import jobs
from ichdag.jobs import atomic_write, files_under, remove_leftover_folders, temporary_folder, write_text
from ichdag.models import write_weights

WITH_PACKAGE = os.environ | {"PYTHONPATH": str(Path(jobs.__file__).parents[1])}


def test_a_file_whose_writing_fails_leaves_the_one_before_and_nothing_beside_it(tmp_path):
    write_text("first", tmp_path / "folder/result.tsv")
    with pytest.raises(ZeroDivisionError), atomic_write(tmp_path / "folder/result.tsv") as partial:
        partial.write_text("second")
        1 / 0  # noqa: B018
    assert [file.name for file in tmp_path.rglob("*")] == ["folder", "result.tsv"]
    assert (tmp_path / "folder/result.tsv").read_text() == "first"


def test_every_result_has_the_permissions_that_the_account_s_files_have(tmp_path):
    """The library safetensors keeps its files from the group, which shares the study."""
    (tmp_path / "plain").write_text("")
    write_weights({"weight": torch.ones(2)}, tmp_path / "weights.safetensors", identity={})
    write_text("", tmp_path / "result.tsv")
    umask = os.umask(0)
    os.umask(umask)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert set(modes.values()) == {0o666 & ~umask}, modes


def test_files_of_a_kind_are_told_by_the_rest_of_their_names_whatever_stands_between_them():
    files = Namedlist(fromdict={"model/svm/shape": "a", "cohort": "b", "model/svm/shape+vaegan": "c", "sub-copy": "d"})
    assert files_under(files, "model/svm/") == {"shape": "a", "shape+vaegan": "c"}
    assert files_under(files, "sub-") == {"copy": "d"} and files_under(files, "1/") == {}


def test_a_file_is_on_the_disk_before_it_takes_its_name(tmp_path, monkeypatch):
    jobs.sync_folders()  # those of other tests
    steps = []
    sync, rename = os.fsync, os.replace
    named = "/proc/self/fd/{}".format
    monkeypatch.setattr(os, "fsync", lambda handle: (steps.append(os.readlink(named(handle))), sync(handle)))
    monkeypatch.setattr(os, "replace", lambda old, new: (steps.append("rename"), rename(old, new)))
    write_text("x", tmp_path / "results/a.tsv")
    write_text("y", tmp_path / "results/b.tsv")
    jobs.sync_folders()
    partials = [f"{tmp_path}/results/.partial-{os.getpid()}-{name}.tsv" for name in "ab"]
    assert steps == [partials[0], "rename", partials[1], "rename", f"{tmp_path}/results"]


def test_names_are_on_the_disk_once_a_job_has_ended(tmp_path):
    """The folder is synced by the process as it ends, though nobody asks for it."""
    code = f"""
import os
from ichdag.jobs import write_text
sync = os.fsync
os.fsync = lambda handle: (print(os.readlink(f"/proc/self/fd/{{handle}}")), sync(handle))
write_text("x", "{tmp_path}/a.tsv")
print("end")
"""
    done = subprocess.run([sys.executable, "-c", code], env=WITH_PACKAGE, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [done.stdout.split()[0], "end", str(tmp_path)]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_disk_that_cannot_keep_what_was_written_fails_the_job(tmp_path, monkeypatch, number):
    """Network file systems say only now that the disk is full."""
    write_text("first", tmp_path / "result.tsv")

    def full(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=os.strerror(number)):
        write_text("second", tmp_path / "result.tsv")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("result.tsv", "first")]


def test_a_file_system_that_cannot_sync_does_not_stop_a_job(tmp_path, monkeypatch):
    def unable(handle):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", unable)
    write_text("x", tmp_path / "result.tsv")
    monkeypatch.setattr(os, "fsync", lambda handle: os.stat("/nowhere"))
    jobs.sync_folders()
    assert (tmp_path / "result.tsv").read_text() == "x"


UNPACKING = """
import os, signal, sys
from ichdag.jobs import temporary_folder
with temporary_folder(sys.argv[1]) as folder:
    (folder / "original.dcm").write_text("DOE^JANE")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def killed(tmp_path):
    """A study in which a conversion was killed: what it had unpacked is still there."""
    command = [sys.executable, "-c", UNPACKING, tmp_path / "temporary/convert_scans/sub-1"]
    assert subprocess.run(command, env=WITH_PACKAGE).returncode == -signal.SIGKILL
    assert len(list(tmp_path.rglob("original.dcm"))) == 1
    return tmp_path


def test_the_next_run_clears_what_a_killed_conversion_had_unpacked(killed):
    remove_leftover_folders(killed)
    assert not [path for path in killed.rglob("*") if path.name not in ("temporary", "convert_scans")]


def test_doing_the_job_again_clears_what_it_had_unpacked_before(killed):
    with temporary_folder(killed / "temporary/convert_scans/sub-1") as folder:
        assert not list(killed.rglob("original.dcm")) and not list(folder.iterdir())
        (folder / "other.dcm").touch()
    assert not [path for path in killed.rglob("*") if path.name not in ("temporary", "convert_scans")]


def test_a_start_beside_a_run_leaves_the_folders_of_running_jobs_and_of_other_hosts_alone(tmp_path):
    """`make check` may be said while the study runs."""
    elsewhere = tmp_path / "temporary/convert_scans/sub-2/node-7-1"
    elsewhere.mkdir(parents=True)
    with temporary_folder(tmp_path / "temporary/convert_scans/sub-1") as folder:
        remove_leftover_folders(tmp_path)
        assert folder.is_dir() and elsewhere.is_dir()


def test_a_job_that_fails_leaves_nothing_unpacked(tmp_path):
    with pytest.raises(ZeroDivisionError), temporary_folder(tmp_path / "temporary/convert_scans/sub-1") as folder:
        (folder / "original.dcm").touch()
        1 / 0  # noqa: B018
    assert not (tmp_path / "temporary/convert_scans/sub-1").exists()


def test_recover_clears_what_killed_jobs_of_any_host_had_unpacked(killed):
    (killed / "temporary/convert_scans/sub-2/node-7-1").mkdir(parents=True)
    script = Path(__file__).parents[1] / "workflow/cluster/recover.sh"
    subprocess.run(["bash", script, killed], check=True, capture_output=True)
    assert not (killed / "temporary").exists()
