"""The target check says in one command what a study holds, or all that is wrong with it, in seconds."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from ichdag.cohort.sheet import read_sheet
from ichdag.cohort.validation import sheet_faults, summarize_study

ROOT = Path(__file__).parents[2]
COLUMNS = ["participant_id", "cohort", "role", "baseline_ct", "followup_ct", "age", "sex", "mrs", "lactate"]
FOREIGN = re.compile(r"Traceback|Exception|Error|Wildcards|\.smk|line \d")


@pytest.fixture
def study(tmp_path):
    """Write the sheet of so many participants and the empty files it names."""

    def write(count, sex="F"):
        lines = ["\t".join(COLUMNS)]
        for n in range(count):
            files = [f"s{n}_{timepoint}.nii.gz" for timepoint in ("baseline", "followup")]
            for name in files:
                (tmp_path / name).touch()
            role = "external" if n % 3 == 2 else "development"
            lines.append("\t".join([f"sub-{n}", "trial", role, *files, str(40 + n % 50), sex, str(n % 7), "1.5"]))
        (tmp_path / "participants.tsv").write_text("\n".join(lines) + "\n")
        return tmp_path

    return write


def check(folder, *arguments):
    """Exit status and words of the check of a study."""
    command = [sys.executable, "-m", "snakemake", "check", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--workflow-profile", "none", "--cores", "1", *arguments]
    wide = os.environ | {"COLUMNS": "200"}
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120, env=wide)
    return done.returncode, done.stdout + done.stderr


def test_a_study_without_faults_is_summed_up_and_nothing_is_run(study):
    folder = study(40)
    status, words = check(folder)
    assert status == 0 and "No faults: 40 participants" in words and "further columns, kept\n  lactate" in words
    assert "development  trial: 27" in words and not (folder / "results").exists()


def test_a_study_with_faults_is_refused_with_one_table_of_settings_and_sheet(study):
    status, words = check(study(40, sex="female"), "--config", "folds=1")
    assert status == 1 and "2 faults" in words and "what to do" in words
    assert "config folds" in words and "rows 2-41, column sex" in words and "Write F" in words
    assert not FOREIGN.search(words), words


def test_a_sheet_with_faults_is_refused_when_the_settings_have_none(study):
    status, words = check(study(40, sex="female"))
    assert status == 1 and "1 fault in" in words and "rows 2-41, column sex" in words
    assert not FOREIGN.search(words), words


def test_fifteen_hundred_participants_are_checked_in_seconds(study):
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    path = study(1500) / "participants.tsv"
    began = time.process_time()
    sheet = read_sheet(path)
    assert sheet_faults(sheet, config) == [] and "1500 participants" in summarize_study(sheet, config)
    assert time.process_time() - began < 5


def test_reading_a_tsv_in_every_job_imports_no_library_for_tables():
    script = "import sys, ichdag.cohort.sheet, ichdag.cohort.validation; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env={"PYTHONPATH": "src"}, cwd=ROOT
    )
    assert "ichdag.cohort.validation.cell_faults" in done.stdout.split()
    assert not {"openpyxl", "pandas", "numpy"} & set(done.stdout.split())
