"""Where the workflow lies does not count: a finished study has nothing to do under a copy of it; contents do count."""

import shutil
from dataclasses import replace

import pytest
from pretended import Pretended


@pytest.fixture(scope="module")
def moved(root, tmp_path_factory):
    """A study that was finished with this workflow, under a copy of it that lies elsewhere."""
    folder = tmp_path_factory.mktemp("checkout")
    study, code = folder / "study", folder / "code"
    study.mkdir()
    for name in ("config", "envs", "profiles", "resources", "rules", "src", "workflow"):
        shutil.copytree(root / name, code / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "Snakefile", code)
    return replace(Pretended(study).finish(), code=code)


def test_a_finished_study_has_nothing_to_do_where_the_workflow_was_moved(moved):
    assert moved.planned() == {}


def test_what_comes_with_the_workflow_counts_by_its_content(moved):
    """A caption, a template, an answer of a checklist: made anew is what shows them, and nothing else."""
    for name in ("workflow/report/auc.rst", "src/ichdag/report/templates/participants.html.j2"):
        (moved.code / name).write_text((moved.code / name).read_text("utf-8") + "\n", "utf-8")
    questions = moved.code / "resources/checklists/checklist_clear.tsv"
    questions.write_text(questions.read_text("utf-8").replace("can be shared", "is shared"), "utf-8")
    assert set(moved.planned()) == {"list_participants", "fill_checklists", "make_report", "all"}


def test_a_changed_radiomics_parameter_freezes_the_model_anew(moved):
    file = moved.code / "config/radiomics.yaml"
    text = file.read_text("utf-8")
    assert "\n  binWidth: 2\n" in text
    file.write_text(text.replace("\n  binWidth: 2\n", "\n  binWidth: 3\n"), "utf-8")
    jobs = moved.planned()
    assert jobs["describe_radiomics"] == jobs["freeze_model"] == jobs["predict_patient"] == 1
    assert jobs["extract_radiomics"] == 18 and "train_network" not in jobs
