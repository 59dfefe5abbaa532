"""After any edit one run leaves what a study from nothing has with the same sheet, settings and ledger, to the byte."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from edits import EDITS
from equality import COMPARED, differences
from small import TARGETS
from tiny import ROOT, THREADS

pytestmark = pytest.mark.whole
WHOLE_STUDY = (*COMPARED, "figures/*.tsv", "checks/*.tsv", "latent/*.tsv", "segmentation/*.tsv")
DEFINITION = "the definition of an outcome"
SEQUENCES = {f"seed {seed}": random.Random(seed).sample(sorted(EDITS), 3) for seed in range(1, 9)}
# None fits again what another should have fitted, so that what one left undone is there at the end.
SHORT = (DEFINITION, "age of an external patient", "a scan of an external patient, of an older date")
PROGRESS = ROOT / "workflow/progress"
STEPS = ("--set-threads", "train_network=1", "train_vaegan=1")  # trainings side by side


def is_as_from_nothing(study, reference, *, targets=TARGETS, patterns=COMPARED):
    """All results are those of the reference, and nothing is left to do."""
    found, left = differences(study, reference, patterns), study.left(*targets)
    assert not found, f"{len(found)} results differ:\n" + "\n".join(found)
    assert not left, left


@pytest.mark.parametrize("name", EDITS)
def test_one_run_after_an_edit_leaves_what_a_study_from_nothing_has(name, finished, from_nothing, tmp_path):
    study = finished.copied(tmp_path / "study")
    EDITS[name].apply(study)
    is_as_from_nothing(study.finished(), from_nothing(name))


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(SHORT, marks=pytest.mark.short, id="short"),
        *(pytest.param(SEQUENCES[one], id=one) for one in SEQUENCES),
    ],
)
def test_three_edits_one_after_the_other_leave_it_too(names, finished, tmp_path):
    study = finished.copied(tmp_path / "study")
    for name in names[:-1]:
        EDITS[name].apply(study)
        study.finished()
    EDITS[names[-1]].apply(study)
    reference = study.from_nothing(tmp_path / "nothing")
    is_as_from_nothing(study.finished(), reference.finished())


def test_a_ledger_that_is_restored_from_a_backup_leaves_it_too(finished, tmp_path):
    study = finished.copied(tmp_path / "study")
    EDITS["epochs of the segmentation networks"].apply(study)
    study.finished()
    study.write_settings(finished.settings())
    shutil.rmtree(study.folder / "ledger")
    shutil.copytree(finished.folder / "ledger", study.folder / "ledger", copy_function=shutil.copy2)
    is_as_from_nothing(study.finished(), finished)


def test_results_that_something_else_changed_or_took_away_are_made_anew(finished, tmp_path):
    study = finished.copied(tmp_path / "study")
    results = study.folder / "results"
    for name in ("cohort/external.tsv", "evaluation/metrics.tsv"):  # cut between two lines, one with its date kept
        text, date = (results / name).read_text("utf-8"), (results / name).stat().st_mtime
        (results / name).write_text("".join(text.splitlines(keepends=True)[:-1]), "utf-8")
        os.utime(results / name, (date, date - 86400))
    for part in (results / "latent/batches").glob("external-*.h5"):  # read by links in another file
        part.unlink()
    (results / "features/external/vaegan.parquet").unlink()
    is_as_from_nothing(study.finished(), finished)


@pytest.mark.parametrize("killed_after", [(3, 20), (40, 3), (1, 60)])
def test_an_edit_between_two_interrupted_runs_leaves_it_too(killed_after, finished, tmp_path):
    study = finished.copied(tmp_path / "study")
    for name, jobs in zip(("mRS of a development patient", "the grid"), killed_after, strict=True):
        EDITS[name].apply(study)
        kill_after(study, jobs)
    EDITS["a followup mask of an external patient"].apply(study)
    reference = study.from_nothing(tmp_path / "nothing")
    is_as_from_nothing(study.finished(), reference.finished())


def kill_after(study, jobs):
    """Start a run, kill it and its jobs once so many have ended, and clear away what it left."""
    process, ended = study.start(*STEPS, "--", *TARGETS), 0
    while ended < jobs:
        assert process.poll() is None, (study.folder / "run.log").read_text("utf-8")[-3000:]
        time.sleep(0.1)
        ended = len(re.findall("^Finished jobid", (study.folder / "run.log").read_text("utf-8"), re.M))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)
    study.recover()


@pytest.mark.parametrize("way", ["as the README says", "without a profile", "with progress"])
def test_every_documented_command_leaves_it(way, finished, from_nothing, tmp_path):
    study = finished.copied(tmp_path / "study")
    EDITS[DEFINITION].apply(study)
    done = started(study, way)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    is_as_from_nothing(study, from_nothing(DEFINITION))


@pytest.mark.parametrize("triggers", [["mtime"], ["params"], ["mtime", "params"]], ids=" ".join)
def test_a_run_that_is_told_to_look_at_less_mends_all_or_does_not_end_well(triggers, finished, from_nothing, tmp_path):
    study = finished.copied(tmp_path / "study")
    EDITS[DEFINITION].apply(study)
    done = started(study, "without a profile", "--rerun-triggers", *triggers)
    assert done.returncode or not differences(study, from_nothing(DEFINITION))


def started(study, way, *arguments):
    """Run a study in one of the ways that the documents name; what came of it."""
    command = [*TARGETS, "--directory", study.folder, *study.configuration, *STEPS, *arguments]
    command += ["--cores", os.environ.get("CORES", "2")]
    if way == "with progress":
        command = ["bash", "workflow/progress/run.sh", study.folder, *command, "--workflow-profile", "none"]
    else:
        command = ["snakemake", *command]
    if way != "without a profile":
        command += ["--profile", "profiles/local"]
    environment = os.environ | THREADS | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", PROGRESS)))}
    environment["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    return subprocess.run([*map(str, command)], cwd=ROOT, env=environment, capture_output=True, text=True)


def test_results_that_are_missing_when_an_edit_is_made_are_made_by_the_same_run(finished, from_nothing, tmp_path):
    study = finished.copied(tmp_path / "study")
    for name in ("evaluation/decision.tsv", "explanation/shap.tsv", "cohort/flow.tsv", "segmentation/scores.tsv"):
        (study.folder / "results" / name).unlink()
    EDITS[DEFINITION].apply(study)
    is_as_from_nothing(study.finished(), from_nothing(DEFINITION))


def test_figures_checks_and_all_tables_of_the_whole_study_are_those_of_one_from_nothing(finished, tmp_path):
    study = finished.copied(tmp_path / "study").finished("all")
    EDITS[DEFINITION].apply(study)
    reference = study.from_nothing(tmp_path / "nothing").finished("all")
    is_as_from_nothing(study.finished("all"), reference, targets=("all",), patterns=WHOLE_STUDY)


def test_a_study_from_nothing_is_the_same_twice(finished, tmp_path):
    """Without this, no other test of this file would say anything."""
    assert not differences(finished, finished.from_nothing(tmp_path / "nothing").finished())
