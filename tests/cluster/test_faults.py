"""Faults on a real SLURM. Each is followed by one rerun, which ends with the bytes of an undisturbed run.

What a fault hits is a part of the tiny study made anew: a group of per-participant jobs, a training, an aggregate.
"""

import os
import signal
from dataclasses import dataclass, replace

import pytest
import yaml

PREDICTIONS = "results/classification/predictions.parquet"


@dataclass(frozen=True)
class Part:
    """A part of the study to make anew: its files and the rule that a fault hits."""

    targets: list
    rule: str


GROUP = Part([f"results/radiomics/sub-D000{number}_features.json" for number in (1, 2, 3)], "extract_radiomics")
TRAINING = Part(
    [f"results/latent/models/vaegan/{name}" for name in ("weights.safetensors", "card.json")], "train_vaegan"
)
AGGREGATE = Part([PREDICTIONS], "gather_predictions")
PARTS = {"group": GROUP, "training": TRAINING, "aggregate": AGGREGATE}


@pytest.fixture(params=["group", pytest.param("training", marks=pytest.mark.short), "aggregate"])
def part(request):
    """Each part in turn."""
    return PARTS[request.param]


def begin(study, part, *arguments):
    """Start to make a part anew; give the process."""
    assert study.remove(*part.targets) == len(part.targets)
    return study.start(*part.targets, *arguments)


def hold(cluster, rule):
    """Stop the worker of a rule's job, as a file system that hangs would; give its process and the job's id."""
    job, worker = cluster.job_of(rule), cluster.worker(rule)
    os.kill(worker, signal.SIGSTOP)
    return worker, job


def with_profile(study, folder, **change):
    """The study with a profile of its own. On the command line, --set-resources would replace all of the profile's."""
    settings = yaml.safe_load((study.profile / "config.yaml").read_text())
    for section, values in change.items():
        for name, value in values.items():
            own = settings[section].get(name)
            settings[section][name] = own | value if isinstance(own, dict) else value
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    return replace(study, profile=folder)


def is_as_before(study, undisturbed, part):
    """The part and the predictions are those of the undisturbed study; nothing half-written, nothing left to do."""
    for name in (*part.targets, PREDICTIONS):
        assert study.bytes_of(name) == undisturbed.bytes_of(name), name
    assert not list(study.folder.glob("results/**/.partial-*"))
    assert study.left_to_do() == {}


def test_a_killed_driver_leaves_jobs_that_the_rerun_cancels_and_does_anew(cluster, study, undisturbed, part):
    driver = begin(study, part)
    worker, job = hold(cluster, part.rule)
    driver.end_by(signal.SIGKILL)
    assert [entry[0] for entry in cluster.jobs()] == [job], "the job goes on without its driver"
    text = study.on_slurm(*part.targets)
    assert "Canceling 1 SLURM job" in text and "Removing the lock" in text
    assert not os.path.exists(f"/proc/{worker}"), "the left job's worker would have written the same files"
    is_as_before(study, undisturbed, part)


def test_a_canceled_job_is_done_again_by_the_same_run(cluster, study, undisturbed, part):
    driver = begin(study, part)
    _, job = hold(cluster, part.rule)
    cluster.cancel(job)
    driver.finish()
    is_as_before(study, undisturbed, part)


@pytest.mark.whole
def test_a_job_at_its_time_limit_is_done_again_with_more_time(cluster, study, undisturbed, tmp_path):
    study = with_profile(
        study, tmp_path, **{"set-resources": {TRAINING.rule: {"runtime": "2 if attempt == 1 else 20"}}}
    )
    driver = begin(study, TRAINING)
    hold(cluster, TRAINING.rule)
    text = driver.finish()
    assert "TIMEOUT" in text
    is_as_before(study, undisturbed, TRAINING)


@pytest.mark.short
def test_a_job_out_of_memory_is_done_again_with_more(cluster, study, undisturbed, tmp_path):
    study = with_profile(
        study, tmp_path, **{"set-resources": {GROUP.rule: {"mem_mb": "220 if attempt == 1 else 2000"}}}
    )
    text = begin(study, GROUP).finish()
    assert "Trying to restart" in text and "mem_mb=220," in text
    is_as_before(study, undisturbed, GROUP)


@pytest.mark.parametrize("name", [pytest.param("group", marks=pytest.mark.short), "training"])
def test_a_lost_node_is_reported_and_its_job_done_again_on_another(cluster, study, undisturbed, name):
    part = PARTS[name]
    driver = begin(study, part)
    job = cluster.job_of(part.rule)
    cluster.worker(part.rule)
    node = cluster.node_of(job)
    cluster.node("crash", node)
    text = driver.finish()
    assert "node failure" in text or "Could not retrieve node information" in text
    is_as_before(study, undisturbed, part)


def test_drained_nodes_finish_what_runs_and_the_rest_waits_for_others(cluster, study, undisturbed):
    for node in ("c1", "c2"):
        cluster.node("drain", node)
    driver = begin(study, GROUP)
    cluster.job_of(GROUP.rule, state="PD")
    cluster.node("undrain", "c2")
    driver.finish()
    is_as_before(study, undisturbed, GROUP)


def test_a_run_that_is_interrupted_cancels_its_jobs(cluster, study, undisturbed):
    driver = begin(study, TRAINING)
    hold(cluster, TRAINING.rule)
    driver.end_by(signal.SIGINT)
    driver.finish(ok=False)
    assert not cluster.jobs("-t", "R,PD")
    study.on_slurm(*TRAINING.targets)
    is_as_before(study, undisturbed, TRAINING)


def test_a_run_that_lost_its_jobs_with_the_controller_is_ended_and_the_rerun_finishes(cluster, study, undisturbed):
    """Without accounting the plugin forgets its jobs while the controller is away; if it does not, the run finishes."""
    driver = begin(study, GROUP)
    cluster.job_of(GROUP.rule)
    cluster.restart_controller()
    text = driver.outcome()
    if driver.process.returncode:
        assert "waits for jobs that SLURM has not had" in text
        study.on_slurm(*GROUP.targets)
    is_as_before(study, undisturbed, GROUP)


def test_two_runs_of_one_study_are_refused_and_the_first_goes_on(cluster, study, undisturbed):
    driver = begin(study, TRAINING)
    worker, _ = hold(cluster, TRAINING.rule)
    text = study.start(*TRAINING.targets).finish(ok=False)
    assert "held by another run" in text and "Wait for it" in text
    os.kill(worker, signal.SIGCONT)
    driver.finish()
    is_as_before(study, undisturbed, TRAINING)


@pytest.mark.short
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"default-resources": {"slurm_partition": "nonesuch"}}, "there is no partition 'nonesuch' here"),
        ({"set-resources": {"train_vaegan": {"slurm_partition": "cpu"}}}, "partition 'cpu' has no GPU"),
    ],
)
def test_a_profile_that_asks_for_what_is_not_there_is_refused_with_the_setting_to_change(
    cluster, study, tmp_path, change, words
):
    text = with_profile(study, tmp_path, **change).start(*AGGREGATE.targets).finish(ok=False)
    assert words in text and "change slurm_partition under" in text and "SLURM run ID" not in text
