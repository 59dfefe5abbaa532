"""Progress lines of a run: how far it is, and why it failed."""

import os
import subprocess
import sys

import pytest

SNAKEFILE = """
rule all:
    input: expand("{name}.txt", name=["good", "bad"])
rule make_file:
    output: "{name}.txt"
    log: "{name}.log"
    message: "a word of {wildcards.name}"
    shell:
        "echo chatter >&2; "
        "if [ {wildcards.name} = bad ]; then echo lesion has no voxels >{log}; exit 3; fi; touch {output}"
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory, root):
    """What a person sees of a run of which one job fails: exit status, standard output, standard error."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "Snakefile").write_text(SNAKEFILE)
    paths = [os.path.dirname(sys.executable), os.environ["PATH"]]
    environment = os.environ | {"PYTHONPATH": str(root / "workflow/progress"), "PATH": os.pathsep.join(paths)}
    command = ["bash", root / "workflow/progress/run.sh", ".", "--cores", "1", "--keep-going"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_a_failed_job_fails_the_run_and_says_where_and_why(told):
    status, seen, _ = told
    assert status == 1
    assert "FAILED: make_file, which makes bad.txt" in seen
    assert "bad.log" in seen and "| lesion has no voxels" in seen


def test_what_jobs_chatter_is_kept_from_the_screen_until_the_run_has_failed(told):
    _, seen, errors = told
    assert "chatter" not in seen.splitlines() and "chatter" in errors.splitlines()
    assert "finished results are kept" in errors.lower()


def test_what_a_rule_has_to_say_is_said(told):
    assert "a word of good" in told[1].splitlines()


def test_a_run_is_told_in_a_few_lines(told):
    _, seen, _ = told
    assert "3 steps to do" in seen
    assert "Select jobs" not in seen and "Execute" not in seen and len(seen.splitlines()) < 20
