"""Faults of jobs and nodes on a real SLURM. At the latest one rerun ends with the bytes of an undisturbed run.

What a fault hits is a part of the tiny study made anew: a group of per-participant jobs, a training, an aggregate.
"""

import os
import signal

import pytest

SMALL, LARGE = 220, 2000  # MB: less than Snakemake and a script need, and more


def in_each(*, short=None):
    """A test for each part of the study; one of them may be of the short set."""
    marks = {short: [pytest.mark.short]}
    names = ("group", "training", "aggregate")
    return pytest.mark.parametrize(
        "part", [pytest.param(name, marks=marks.get(name, ())) for name in names], indirect=True
    )


@in_each(short="training")
def test_a_killed_driver_leaves_jobs_and_a_lock_that_the_rerun_clears_away(cluster, study, undisturbed, part):
    driver = study.begin(part)
    worker, job = cluster.hold(part.rule)
    driver.end_by(signal.SIGKILL)
    study.start(*part.targets, "--dry-run").finish()
    assert [entry[0] for entry in cluster.jobs()] == [job], "the job goes on without its driver, and a look lets it"
    text = study.on_slurm(*part.targets)
    assert "Canceling 1 SLURM job" in text and "Removing the lock" in text
    assert not os.path.exists(f"/proc/{worker}"), "the left job's worker would have written the same files"
    study.is_as(undisturbed, part)


@in_each()
def test_a_run_that_is_interrupted_cancels_its_jobs(cluster, study, undisturbed, part):
    driver = study.begin(part)
    cluster.hold(part.rule)
    driver.end_by(signal.SIGINT)
    driver.finish(ok=False)
    assert not cluster.jobs("-t", "R,PD")
    study.on_slurm(*part.targets)
    study.is_as(undisturbed, part)


@in_each(short="aggregate")
def test_a_canceled_job_is_done_again_by_the_same_run(cluster, study, undisturbed, part):
    driver = study.begin(part)
    _, job = cluster.hold(part.rule)
    cluster.cancel(job)
    assert "Trying to restart" in driver.finish() and cluster.state_of(job) == "CANCELLED"
    study.is_as(undisturbed, part)


@pytest.mark.whole
@in_each()
def test_a_job_at_its_time_limit_is_done_again_with_more_time(cluster, study, undisturbed, part):
    driver = study.begin(part)
    _, job = cluster.hold(part.rule)
    asked = cluster.minutes_of(job)
    cluster.limit_to_a_minute(job)
    assert "Trying to restart" in driver.finish() and cluster.state_of(job) == "TIMEOUT"
    again = max(int(entry[0]) for entry in cluster.jobs("-t", "all") if entry[6].startswith(f"rule_{part.rule}"))
    assert again > int(job) and cluster.minutes_of(again) == 2 * asked
    study.is_as(undisturbed, part)


@in_each(short="group")
def test_a_job_out_of_memory_is_done_again_with_more(study, undisturbed, part, tmp_path, cluster):
    little = {"set-resources": {part.rule: {"mem_mb": f"{SMALL} if attempt == 1 else {LARGE}"}}}
    text = study.with_profile(tmp_path, **little).begin(part).finish()
    assert "Trying to restart" in text and f"mem_mb={SMALL}," in text
    study.is_as(undisturbed, part)


@in_each(short="group")
def test_a_lost_node_is_reported_and_its_job_done_again_on_another(cluster, study, undisturbed, part):
    driver = study.begin(part)
    _, job = cluster.hold(part.rule)
    node = cluster.node_of(job)
    cluster.node("crash", node)
    text = driver.finish()
    assert f"excluded from subsequent submissions: {node}" in text or "Could not retrieve node information" in text
    study.is_as(undisturbed, part)


@in_each()
def test_drained_nodes_finish_what_runs_and_the_rest_waits_for_others(cluster, study, undisturbed, part):
    nodes = ("g1", "g2") if part.rule == "train_vaegan" else ("c1", "c2")
    for node in nodes:
        cluster.node("drain", node)
    driver = study.begin(part)
    cluster.job_of(part.rule, state="PD")
    cluster.node("undrain", nodes[1])
    driver.finish()
    study.is_as(undisturbed, part)


def test_a_node_drained_under_a_job_lets_it_end(cluster, study, undisturbed, training):
    driver = study.begin(training)
    worker, job = cluster.hold(training.rule)
    cluster.node("drain", cluster.node_of(job))
    os.kill(worker, signal.SIGCONT)
    assert "Trying to restart" not in driver.finish()
    study.is_as(undisturbed, training)


def test_two_runs_of_one_study_are_refused_and_the_first_goes_on(cluster, study, undisturbed, training):
    driver = study.begin(training)
    worker, _ = cluster.hold(training.rule)
    text = study.start(*training.targets).finish(ok=False)
    assert "held by another run" in text and "Wait for it" in text and "--directory" in text
    os.kill(worker, signal.SIGCONT)
    driver.finish()
    study.is_as(undisturbed, training)


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
    text = study.with_profile(tmp_path, **change).start("all").finish(ok=False)
    assert words in text and "change slurm_partition under" in text and "SLURM run ID" not in text
