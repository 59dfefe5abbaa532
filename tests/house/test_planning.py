"""Snakemake's plan is mended: a job that follows by an ancient edge alone is asked for reasons of its own."""

import math
import os
import re
import subprocess
import sys

import pytest

STUDY = """
rule all:
    input: "b.txt", "c.txt"
rule first:
    output: "a.txt"
    params: config.get("one", 1)
    shell: "echo {params} > a.txt"
rule second:
    input: ancient("a.txt")
    output: "b.txt"
    params: config.get("two", 1)
    shell: "echo {params} > b.txt"
rule third:
    input: ancient("a.txt")
    output: "c.txt"
    shell: "date +%s%N > c.txt"
"""
STORE = """
rule second:
    input: "store.txt"
    output: "b.txt"
    params: config.get("two", 1)
    shell: "echo $(cat $(cat store.txt)) {params} > b.txt"
rule part:
    output: "part.txt"
    shell: "echo 1 > part.txt"
rule store:
    input: "part.txt"
    output: "store.txt"
    shell: "echo part.txt > store.txt"
"""
LEDGER = """
rule second:
    input: "ledger/model.txt"
    output: "b.txt"
    shell: "cp ledger/model.txt b.txt"
"""
MENDED = """
sys.path.insert(0, {folder!r})
from planning import patch_snakemake_plans
patch_snakemake_plans(lambda planned: planned & set({forced!r}))
"""


@pytest.fixture
def run(tmp_path, root):
    """A function that runs the study in one pass, mended or not, and gives what lies in its files."""

    def one_pass(*settings, study=STUDY, mended=True, forced=(), ok=True, arguments=()):
        head = MENDED.format(folder=str(root / "workflow"), forced=list(forced)) if mended else ""
        (tmp_path / "Snakefile").write_text(f"import sys\n{head}{study}", "utf-8")
        command = [sys.executable, "-m", "snakemake", "--directory", tmp_path, "--snakefile", tmp_path / "Snakefile"]
        command += ["--cores", "1", *(["--config", *settings] if settings else []), *arguments]
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120)
        assert (done.returncode == 0) == ok, done.stderr
        files = {name: tmp_path / f"{name}.txt" for name in "abc"}
        return {name: file.read_text().strip() for name, file in files.items() if file.exists()} | {"": done.stderr}

    return one_pass


def test_a_changed_setting_behind_an_ancient_edge_is_noticed_in_one_pass_and_nothing_else_runs(run):
    before = run()
    after = run("one=2", "two=2")
    assert (after["a"], after["b"]) == ("2", "2") and after["c"] == before["c"]


def test_without_the_mending_snakemake_ends_well_with_an_old_result(run):
    """If this fails, Snakemake plans otherwise now: planning.py may have become needless."""
    run(mended=False)
    assert run("one=2", "two=2", mended=False)["b"] == "1"


def test_a_missing_result_that_is_asked_for_is_made_though_something_before_it_runs(run, tmp_path):
    run()
    (tmp_path / "c.txt").unlink()
    after = run("one=2")
    assert after["a"] == "2" and "c" in after


def test_what_only_an_ancient_input_would_make_due_does_not_run(run):
    before = run()
    after = run("one=2")
    assert after["a"] == "2" and (after["b"], after["c"]) == (before["b"], before["c"])


def test_rules_that_are_named_run_whatever_the_dates_say(run):
    before = run()
    after = run(forced=["third"])
    assert after["c"] != before["c"] and after["b"] == before["b"]


def test_a_result_whose_record_is_lost_is_made_anew_and_no_other(run, tmp_path):
    """Without a record nobody knows which setting a result was made with."""
    before = run()
    subprocess.run([sys.executable, "-m", "snakemake", "--cleanup-metadata", "b.txt", "--cores", "1"], cwd=tmp_path)
    after = run("two=2")
    assert after["b"] == "2" and (after["a"], after["c"]) == (before["a"], before["c"])
    assert "Nothing to be done" in run("two=2")[""]


@pytest.mark.parametrize("triggers", ["mtime", "params", "mtime params"])
def test_a_run_that_is_told_to_look_at_less_is_refused_and_a_dry_run_is_not(run, triggers):
    run()
    arguments = ["--rerun-triggers", *triggers.split()]
    assert "they need input mtime params" in run("two=2", ok=False, arguments=arguments)[""]
    assert run("two=2", arguments=[*arguments, "--dry-run"])["b"] == "1"


def test_the_masks_of_a_participant_are_the_only_job_with_an_ancient_edge(rules):
    ancient = {rule.name for rule in rules if re.search(r"\bancient\(", rule.directives.get("input", ""))}
    assert ancient == {"restore_masks"}


def date_back(path, seconds=86400):
    """Give a file an earlier date."""
    before = path.stat()
    os.utime(path, (before.st_atime - seconds, before.st_mtime - seconds))


@pytest.mark.parametrize("when", ["later", "earlier"])
def test_a_result_that_something_else_changed_is_made_anew(run, tmp_path, when):
    run()
    (tmp_path / "b.txt").write_text("cut")
    if when == "earlier":
        date_back(tmp_path / "b.txt")
    after = run()
    assert after["b"] == "1" and "b.txt was changed after it was made" in after[""]
    assert "Nothing to be done" in run()[""]


def test_a_result_whose_date_lost_its_fraction_in_an_archive_stays(run, tmp_path):
    before = run()
    for name in "abc":
        os.utime(tmp_path / f"{name}.txt", (0, math.floor((tmp_path / f"{name}.txt").stat().st_mtime)))
    after = run()
    assert after["c"] == before["c"] and "Nothing to be done" in after[""]


def test_a_missing_result_that_a_due_job_may_read_without_naming_it_is_made(run, tmp_path):
    """A store of links names its parts itself: the job that reads the store does not."""
    run(study=STORE)
    (tmp_path / "part.txt").unlink()
    assert "Nothing to be done" in run(study=STORE)[""]
    assert run("two=2", study=STORE)["b"] == "1 2"


def test_another_file_of_the_ledger_counts_whatever_its_date(run, tmp_path):
    ledger = tmp_path / "ledger/model.txt"
    ledger.parent.mkdir()
    ledger.write_text("new")
    assert run(study=LEDGER)["b"] == "new"
    ledger.write_text("old")
    date_back(ledger)
    assert run(study=LEDGER)["b"] == "old"
    assert "Nothing to be done" in run(study=LEDGER)[""]


@pytest.mark.parametrize("way", ["--touch", "--consider-ancient first=0"])
def test_a_run_that_would_hide_what_is_old_is_refused(run, way):
    run()
    assert f"With {way.split()[0]}, changes would go unnoticed" in run("two=2", ok=False, arguments=way.split())[""]
    assert run("two=2")["b"] == "2"
