"""Where the workflow lies does not count: a finished study has nothing to do under a copy of it; contents do count."""

import os
import re
import shutil
import subprocess
import sys

import pytest

HEADER = "participant_id cohort role baseline_ct followup_ct baseline_mask followup_mask age sex mrs"
PARTS = ("config", "envs", "resources", "rules", "src", "workflow")


def write_sheet(folder):
    """A sheet of a few participants of every role; their scans are empty files, for a plan opens none."""
    lines = [HEADER.split()]
    for role, count in (("development", 12), ("external", 6), ("prediction", 1)):
        for number in range(count):
            names = [f"{role}{number}_{name}.nii.gz" for name in HEADER.split()[3:7]]
            for name in names:
                (folder / name).touch()
            names = names[:1] + ["n/a"] * 3 if role == "prediction" else names
            mrs = "n/a" if role == "prediction" else str(number % 2 * 6)
            lines.append([f"sub-{role[0].upper()}{number}", role, role, *names, "60", "F", mrs])
    (folder / "participants.tsv").write_text("\n".join("\t".join(line) for line in lines) + "\n", encoding="utf-8")


def snakemake(program, *arguments, code, study):
    """Run Snakemake, or a script that is like it, on a study, with the workflow that lies in a folder."""
    command = [sys.executable, *program, "--snakefile", code / "Snakefile", "--directory", study, "--cores", "1"]
    command += ["--workflow-profile", "none", "--profile", code / "profiles/local", "--quiet", "rules", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def moved(root, tmp_path_factory):
    """A function that plans a study, finished with this workflow, with a copy of it that lies elsewhere."""
    folder = tmp_path_factory.mktemp("checkout")
    study, code = folder / "study", folder / "code"
    study.mkdir()
    write_sheet(study)
    for name in PARTS:
        shutil.copytree(root / name, code / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(root / "profiles", code / "profiles")
    shutil.copy(root / "Snakefile", code)
    done = snakemake([root / "benchmarks/_present.py"], code=root, study=study)
    assert done.returncode == 0, done.stderr[-3000:]

    def planned():
        done = snakemake(["-m", "snakemake"], "--dry-run", code=code, study=study)
        assert done.returncode == 0, done.stderr[-3000:]
        return dict(re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, re.M)), done.stdout + done.stderr

    return code, planned


def test_a_finished_study_has_nothing_to_do_where_the_workflow_was_moved(moved):
    _, planned = moved
    jobs, words = planned()
    assert jobs == {} and "Nothing to be done" in words, words[-3000:]


def test_what_comes_with_the_workflow_counts_by_its_content(moved):
    """A caption, a template, an answer of a checklist: made anew is what shows them, and nothing else."""
    code, planned = moved
    for name in ("workflow/report/auc.rst", "src/ichdag/report/templates/participants.html.j2"):
        (code / name).write_text((code / name).read_text("utf-8") + "\n", "utf-8")
    questions = code / "resources/checklists/checklist_clear.tsv"
    questions.write_text(questions.read_text("utf-8").replace("can be shared", "is shared"), "utf-8")
    jobs, _ = planned()
    assert set(jobs) == {"list_participants", "fill_checklists", "make_report", "all", "total"}


def test_a_changed_radiomics_parameter_freezes_the_model_anew(moved):
    code, planned = moved
    file = code / "config/radiomics.yaml"
    text = file.read_text("utf-8")
    assert "\n  binWidth: 2\n" in text
    file.write_text(text.replace("\n  binWidth: 2\n", "\n  binWidth: 3\n"), "utf-8")
    jobs, _ = planned()
    assert jobs["describe_radiomics"] == jobs["freeze_model"] == jobs["predict_patient"] == "1"
    assert jobs["extract_radiomics"] == "18" and "train_network" not in jobs
