"""Faults on one machine: after each, one rerun ends with the bytes of an undisturbed run."""

import os
import platform
import random
import shutil
import signal
import subprocess
import time
from dataclasses import replace

import pytest
from tiny import PREDICTIONS

FEATURES = [f"results/radiomics/sub-D000{number}_features.json" for number in (1, 2, 3)]
LARGEST = "results/evaluation/decision.tsv"
ROOM_BYTES = 250_000  # less than the largest table
TRAINED = "ledger/latent/vaegan/weights.safetensors"
WITNESS = "results/latent/development.tsv"  # removed with it: else a run takes it for lost


@pytest.fixture
def copy(study, tmp_path):
    """A copy of the finished study, times of files kept."""
    return replace(study, folder=shutil.copytree(study.folder, tmp_path / "study", copy_function=shutil.copy2))


def unmake(study, *names):
    """Remove results, so that a run makes them anew."""
    for name in names:
        (study.folder / name).unlink()


def is_as_before(copy, study, *names):
    """The named results and the predictions are those of the undisturbed study, and nothing is left to do."""
    for name in (*names, PREDICTIONS):
        assert (copy.folder / name).read_bytes() == (study.folder / name).read_bytes(), name
    assert not [file for file in copy.folder.rglob(".partial-*") if "results" in file.parts and _alive(file)]
    assert copy.planned() == {}


def _alive(partial):
    """Whether the process that writes this file still runs; what a killed one left is nobody's result."""
    return os.path.exists(f"/proc/{partial.name.split('-')[1]}")


def kill(process, everything):
    """SIGKILL for the driver alone (its jobs live on), or for it and its jobs, as when a machine is switched off."""
    if everything:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait(30)


def disturb(copy, kills, seconds, *targets):
    """Start a run and kill it at a random moment, so many times or until it is done first; give the number of kills."""
    for number in range(kills):
        process = copy.start("--set-threads", "train_network=1", "train_vaegan=1", "--", *targets)
        try:
            assert process.wait(random.Random(number).uniform(*seconds)) == 0, (copy.folder / "run.log").read_text()
            return number
        except subprocess.TimeoutExpired:
            kill(process, everything=number % 2 == 0)
            copy.recover()
    return kills


def test_a_run_killed_at_random_moments_ends_as_if_it_had_not_been(study, copy):
    unmake(copy, *FEATURES, TRAINED, WITNESS)
    assert disturb(copy, 3, (1, 4), *FEATURES, TRAINED) > 0
    copy.run(*FEATURES, TRAINED, WITNESS)
    is_as_before(copy, study, *FEATURES, TRAINED, WITNESS)


@pytest.mark.whole
def test_a_whole_study_killed_at_twenty_random_moments_ends_as_if_it_had_not_been(study, copy):
    for name in ("results", "ledger", ".snakemake", "checkpoints"):
        shutil.rmtree(copy.folder / name, ignore_errors=True)
    assert disturb(copy, 20, (3, 20), "all") == 20
    copy.run("all")
    is_as_before(copy, study, TRAINED)


def test_a_lock_that_a_killed_run_left_is_named_and_removed_by_recover(study, copy):
    unmake(copy, *FEATURES)
    process = copy.start(*FEATURES)
    locks = copy.folder / ".snakemake/locks"
    while not (locks.is_dir() and any(locks.iterdir())):
        assert process.poll() is None
        time.sleep(0.1)
    kill(process, everything=True)
    assert "--unlock" in copy.snakemake(*FEATURES, ok=False)
    assert "Removing the lock" in copy.recover()
    copy.run(*FEATURES)
    is_as_before(copy, study, *FEATURES)


@pytest.fixture
def small_disk(study, tmp_path):
    """The finished study on a disk of its own that is full, and a function that makes the disk larger."""
    size = sum(file.stat().st_size + 4096 for file in study.folder.rglob("*") if file.is_file()) // 2**20 + 12
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", tmp_path]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a disk of a given size can only be made by root where mounting is allowed")
    try:
        yield (
            replace(study, folder=shutil.copytree(study.folder, tmp_path / "study", copy_function=shutil.copy2)),
            lambda: subprocess.run(["mount", "-o", f"remount,size={size + 200}m", tmp_path], check=True),
        )
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)


def test_a_full_disk_fails_the_job_and_leaves_nothing_half_written(study, small_disk):
    copy, make_larger = small_disk
    unmake(copy, LARGEST)
    filler = copy.folder / "filler"
    with open(filler, "wb") as stream:  # all that is free but what Snakemake writes about the run
        stream.write(bytes(shutil.disk_usage(copy.folder).free - ROOM_BYTES))
    text = copy.snakemake(LARGEST, ok=False)
    logs = "".join(file.read_text() for file in copy.folder.glob("logs/measure_net_benefit.log"))
    assert "No space left" in text + logs, (text[-3000:], logs)
    assert not (copy.folder / LARGEST).exists() and not list(copy.folder.glob("results/**/.partial-*"))
    filler.unlink()
    make_larger()
    copy.recover()
    copy.run(LARGEST)
    is_as_before(copy, study, LARGEST)


CONVERTED = "results/conversion/sub-D0001_conversion.json"
SCAN = "phantom/sub-D0001_baseline_ct.nii.gz"
MASK = "results/segmentation/sub-D0001_baseline_desc-hematoma_mask.nii.gz"


def test_an_original_that_the_disk_cannot_read_fails_the_job_and_a_rerun_leaves_nobody_out(study, copy):
    unmake(copy, CONVERTED)
    scan, aside = copy.folder / SCAN, copy.folder / "aside"
    scan.rename(aside)
    scan.symlink_to("/proc/self/mem")  # it opens, and every read of its beginning is an input/output error
    copy.snakemake("--allowed-rules", "convert_scans", "--", CONVERTED, ok=False)  # else it would be drawn anew
    log = (copy.folder / "logs/convert_scans/D0001.log").read_text()
    assert "convert_scans subject=D0001 failed" in log and "OSError, Input/output error" in log
    assert "nobody is left out" in log and SCAN not in log and not (copy.folder / CONVERTED).exists()
    scan.unlink()
    aside.rename(scan)
    copy.run(CONVERTED)
    is_as_before(copy, study, CONVERTED)


@pytest.mark.parametrize("part", [0, 0.5])
def test_a_mask_that_is_cut_is_made_anew_by_the_same_run(study, copy, part):
    unmake(copy, FEATURES[0])
    content = (copy.folder / MASK).read_bytes()
    (copy.folder / MASK).write_bytes(content[: int(len(content) * part)])
    copy.run(FEATURES[0])
    is_as_before(copy, study, FEATURES[0], MASK)


@pytest.mark.parametrize("part", [0, 0.5])
def test_a_mask_that_a_disk_lost_part_of_excludes_nobody_and_is_made_anew_once_it_is_deleted(study, copy, part):
    """Its date is that of the day it was made, so that only who reads it can notice."""
    unmake(copy, FEATURES[0])
    content, date = (copy.folder / MASK).read_bytes(), (copy.folder / MASK).stat()
    (copy.folder / MASK).write_bytes(content[: int(len(content) * part)])
    os.utime(copy.folder / MASK, ns=(date.st_atime_ns, date.st_mtime_ns))
    copy.snakemake(FEATURES[0], ok=False)
    log = (copy.folder / "logs/extract_radiomics/D0001.log").read_text()
    assert f"{MASK} cannot be read: it was cut short or altered" in log and "Delete it and run again" in log
    assert not (copy.folder / FEATURES[0]).exists()
    unmake(copy, MASK)
    copy.run(FEATURES[0])
    is_as_before(copy, study, FEATURES[0], MASK)


def test_the_start_of_a_run_clears_what_a_killed_conversion_had_unpacked_and_a_look_does_not(copy):
    process = subprocess.Popen(["true"])
    process.wait()
    left = copy.folder / f"temporary/convert_scans/sub-gone/{platform.node()}-{process.pid}/dicom-1/unpacked/000001"
    left.parent.mkdir(parents=True)
    left.touch()
    unmake(copy, FEATURES[0])
    copy.planned("--", FEATURES[0])
    assert left.exists()
    copy.run(FEATURES[0])
    assert not left.parents[3].exists()
