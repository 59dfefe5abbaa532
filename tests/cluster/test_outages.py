"""Outages of what a cluster stands on: SLURM's controller, its accounting database, the disk."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest
from kit import ACCOUNTS

OUTAGE_SECONDS = 10  # several questions for the state of jobs go unanswered
needs_accounts = pytest.mark.skipif(not ACCOUNTS, reason="this test cluster has no accounting database")


@pytest.mark.parametrize("part", ["group", "training", "aggregate"], indirect=True)
def test_a_run_waits_while_the_controller_is_away(cluster, study, undisturbed, part):
    driver = study.begin(part)
    worker, _ = cluster.hold(part.rule)
    cluster.stop("slurmctld")
    time.sleep(OUTAGE_SECONDS)
    cluster.mend()
    os.kill(worker, signal.SIGCONT)
    driver.finish()
    study.is_as(undisturbed, part)


def test_a_run_whose_jobs_were_forgotten_is_ended_and_the_rerun_finishes(
    cluster, study, undisturbed, training, tmp_path
):
    """After so many questions without an answer the plugin knows of no job any more, and would wait for ever."""
    driver = study.with_profile(tmp_path, **{"slurm-status-attempts": 2}).begin(training)
    worker, _ = cluster.hold(training.rule)
    cluster.stop("slurmctld", *(["slurmdbd", "mariadbd"] if ACCOUNTS else []))
    time.sleep(OUTAGE_SECONDS)
    cluster.mend()
    os.kill(worker, signal.SIGCONT)
    assert "waits for jobs that SLURM has not had" in driver.finish(ok=False)
    study.on_slurm(*training.targets)
    study.is_as(undisturbed, training)


@needs_accounts
@pytest.mark.parametrize(
    "part", ["group", "training", pytest.param("aggregate", marks=pytest.mark.short)], indirect=True
)
def test_a_run_goes_on_while_the_accounting_database_is_down(cluster, study, undisturbed, part):
    driver = study.begin(part)
    worker, _ = cluster.hold(part.rule)
    cluster.stop("slurmdbd", "mariadbd")
    time.sleep(OUTAGE_SECONDS)
    os.kill(worker, signal.SIGCONT)
    driver.finish()
    cluster.mend()
    study.is_as(undisturbed, part)


@needs_accounts
def test_a_job_is_submitted_while_the_accounting_database_is_down(cluster, study, undisturbed, group):
    """Its account is known to the controller; a new run is refused, since nobody is there to ask about it."""
    table = "results/radiomics/development.parquet"
    study.remove(table)
    driver = study.begin(group, table)
    worker, _ = cluster.hold(group.rule)
    cluster.stop("slurmdbd", "mariadbd")
    os.kill(worker, signal.SIGCONT)
    driver.finish()
    study.remove(group.targets[0])
    text = study.start(group.targets[0]).finish(ok=False)
    assert "accounting database does not answer" in text and "slurm-no-account: true" in text
    cluster.mend()
    study.on_slurm(group.targets[0])
    for name in (*group.targets, table):
        assert study.bytes_of(name) == undisturbed.bytes_of(name), name


@contextmanager
def full(folder):
    """The folder on a disk of its own on which nothing is free, as with a quota that is used up."""
    kept = shutil.copytree(folder, folder.with_name(folder.name + "-kept"), copy_function=shutil.copy2)
    megabytes = sum(file.stat().st_size + 4096 for file in folder.rglob("*")) // 2**20 + 8
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a disk of a given size can only be made where mounting is allowed")
    try:
        shutil.copytree(kept, folder, copy_function=shutil.copy2, dirs_exist_ok=True)
        filler = folder / "filler"
        with open(filler, "wb") as stream:
            stream.write(bytes(shutil.disk_usage(folder).free))
        yield filler
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        shutil.rmtree(kept)


@pytest.mark.parametrize("part", ["group", "training", "aggregate"], indirect=True)
def test_a_full_disk_fails_the_job_leaves_nothing_half_written_and_the_rerun_finishes(
    cluster, study, undisturbed, part
):
    study.remove(*part.targets)
    with full((study.folder / part.targets[0]).parent) as filler:
        study.start(*part.targets, "--retries", "0").finish(ok=False)
        words = "".join(file.read_text() for file in study.folder.glob(f"logs/{part.rule}*/**/*.log"))
        words += "".join(file.read_text() for file in study.folder.glob(f"logs/{part.rule}.log"))
        assert "No space left" in words
        assert not any((study.folder / name).exists() for name in part.targets)
        assert not list(study.folder.glob("results/**/.partial-*"))
        filler.unlink()
        study.on_slurm(*part.targets)
        study.is_as(undisturbed, part)
