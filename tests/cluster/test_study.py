"""A study on a real SLURM: the same tables as on one machine, each job in its partition, groups as small as members."""

import csv
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import yaml
from kit import ACCOUNTS, PARTS, PREDICTIONS, ROOT
from tiny import SETTINGS

WHOLE_SECONDS = 3600


def profile_of(study):
    """The profile that a study is run with."""
    return yaml.safe_load((study.profile / "config.yaml").read_text())


def jobs_of(cluster, text):
    """Every job of a run by rule or group: list of (partition, nodes, cores, MB)."""
    run = re.search(r"SLURM run ID: (\S+)", text)[1]
    found = {}
    for _, _, partition, node, cores, memory, comment in cluster.jobs("-t", "all", "--name", run):
        rule = re.match(r"rule_([a-z_]+?)(_\1)?(_wildcards_.*)?$", comment)[1]  # a group's name stands twice
        found.setdefault(rule, []).append((partition, node, int(cores), memory))
    return found


@pytest.mark.short
def test_parts_made_on_slurm_are_those_made_here_and_each_job_is_in_its_partition(cluster, study, group, training):
    """A group of per-participant rules, a training and an aggregate; whole: the test below."""
    parts = [*group.targets, *training.targets, PREDICTIONS]
    expected = [study.bytes_of(part) for part in parts]
    assert study.remove(*parts) == 6
    found = jobs_of(cluster, study.on_slurm(*parts[:-1]))
    found |= jobs_of(cluster, study.on_slurm(PREDICTIONS))
    assert [study.bytes_of(part) for part in parts] == expected and study.planned() == {}
    assert found["train_vaegan"][0][0] == "gpu" and found["train_vaegan"][0][1].startswith("g")
    assert len(found["extract_radiomics"]) == 1, "the participants are one job"
    assert found["extract_radiomics"][0][::3] == ("cpu", "3000M") and found["extract_radiomics"][0][2] == 1
    assert found["gather_predictions"][0][0] == "cpu"


@pytest.mark.whole
def test_a_whole_study_on_slurm_gives_the_predictions_table_of_one_machine(cluster, undisturbed, study):
    for name in ("results", "ledger", ".snakemake"):
        shutil.rmtree(study.folder / name)
    text = study.start("all").finish(seconds=WHOLE_SECONDS)
    found = jobs_of(cluster, text)
    assert study.bytes_of(PREDICTIONS) == undisturbed.bytes_of(PREDICTIONS)
    assert study.planned() == {} and "Trying to restart" not in text
    wanting = {"train_network", "train_vaegan", "segment_batch", "choose_cleanup", "extract_latents"}
    wanting |= {"reconstruct_patches", "compare_reconstructions"}
    for rule, jobs in found.items():
        assert {partition for partition, *_ in jobs} == {"gpu" if rule in wanting else "cpu"}, rule
    for group in {entry.partition("=")[0] for entry in profile_of(study)["groups"]} & set(found):
        assert len(found[group]) <= 2 and {cores for _, _, cores, _ in found[group]} == {1}, group
    print(len([job for jobs in found.values() for job in jobs]), {rule: len(jobs) for rule, jobs in found.items()})


@pytest.mark.whole
def test_partitions_chosen_by_need_are_those_that_a_profile_would_name(cluster, study, tmp_path):
    limits = {"cpu": {"max_runtime": "10d", "max_mem_mb": 39000, "max_threads": 2}}
    limits["gpu"] = limits["cpu"] | {"max_gpu": 1}
    (tmp_path / "partitions.yaml").write_text(yaml.safe_dump({"partitions": limits}))
    settings = profile_of(study)
    for resources in (settings["default-resources"], *settings["set-resources"].values()):
        resources.pop("slurm_partition", None)
    settings["set-resources"] = {rule: own for rule, own in settings["set-resources"].items() if own}
    settings["slurm-partition-config"] = str(tmp_path / "partitions.yaml")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings))
    parts = ["results/radiomics/sub-D0001_features.json", *PARTS["training"].targets]
    assert study.remove(*parts) == 3
    found = jobs_of(cluster, replace(study, profile=tmp_path).on_slurm(*parts))
    assert found["train_vaegan"][0][0] == "gpu" and found["extract_radiomics"][0][0] == "cpu"


@pytest.fixture
def driver(study):
    """Submit the driver as a job, as the docs say; options, then what follows the study. Gives what it printed."""

    def submit(*options, arguments=(), ok=True):
        command = ["sbatch", "--wait", *options, *(["--account=study"] if ACCOUNTS else [])]
        command += [f"--output={study.folder}/driver.log", "workflow/cluster/driver.sh"]
        command += [study.folder, *arguments, "--configfile", SETTINGS]
        done = subprocess.run([*map(str, command)], cwd=ROOT, env=study.environment, capture_output=True, text=True)
        text = done.stdout + done.stderr + (study.folder / "driver.log").read_text()
        assert (done.returncode == 0) is ok, text[-6000:]
        return text

    return submit


def test_a_driver_in_a_job_of_its_own_makes_the_same(cluster, study, undisturbed, driver, group):
    """What SLURM gave to the driver's job is not passed on to those it submits."""
    study.remove(*group.targets)
    found = jobs_of(cluster, driver(arguments=group.targets))
    assert found["extract_radiomics"] == [("cpu", found["extract_radiomics"][0][1], 1, "3000M")]
    study.is_as(undisturbed, group)


@pytest.mark.whole
def test_a_driver_at_its_time_limit_cancels_its_jobs_and_another_goes_on(cluster, study, undisturbed, driver, training):
    """The signal comes two minutes before the limit."""
    study.remove(*training.targets)
    with ThreadPoolExecutor() as threads:
        first = threads.submit(driver, "--time=3", arguments=training.targets, ok=False)
        cluster.hold(training.rule)
        first.result()
    assert not cluster.jobs("-t", "R,PD")
    driver(arguments=training.targets)
    study.is_as(undisturbed, training)


def test_an_efficiency_report_lies_in_the_study_where_the_profile_says(cluster, study, tmp_path):
    if not ACCOUNTS:
        pytest.skip("needs the accounting database")
    change = {"slurm-efficiency-report": True, "slurm-efficiency-report-path": "logs"}
    settings = profile_of(study) | change
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings))
    assert study.remove(PREDICTIONS) == 1
    text = replace(study, profile=tmp_path).on_slurm(PREDICTIONS)
    (report,) = study.folder.glob("logs/efficiency_report_*.csv")
    with open(report, newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["RuleName"].startswith("rule_gather_predictions") and float(row["MaxRSS_MB"]) > 0, (row, text)
