"""Snakemake's plan is mended: a job that follows by an ancient edge alone is asked for reasons of its own."""

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
MENDED = """
sys.path.insert(0, {folder!r})
from planning import mend_plans
mend_plans(lambda planned: planned & set({forced!r}))
"""


@pytest.fixture
def run(tmp_path, root):
    """A function that runs the study in one pass, mended or not, and gives what lies in its files."""

    def one_pass(*settings, mended=True, forced=(), ok=True, arguments=()):
        head = MENDED.format(folder=str(root / "workflow"), forced=list(forced)) if mended else ""
        (tmp_path / "Snakefile").write_text(f"import sys\n{head}{STUDY}", "utf-8")
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
