"""What a change costs, counted on a finished study. That it leaves the right results is tested in tests/reruns."""

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ichdag.cohort.schemas import FOLDS, PARTICIPANTS
from ichdag.constants import BLOCKS
from ichdag.images import read_scan, write_image
from ichdag.tables import read_table

ROOT = Path(__file__).parents[2]
IMAGES = {
    "convert_scans",
    "check_scans",
    "preprocess_scans",
    "segment_batch",
    "restore_masks",
    "extract_radiomics",
    "cut_patches",
}
IMAGES |= {"extract_latents"}
NETWORKS = {"lock_training_list", "train_network", "train_vaegan"}
FITS = {"reduce_block", "fit_classifiers", "fit_comparators"}
OWN = ("convert_scans", "check_scans", "preprocess_scans", "restore_masks", "extract_radiomics")
BATCHED = ("segment_batch", "cut_patches", "extract_latents")


@pytest.fixture
def changed(study, tmp_path):
    """A copy of the finished study to change; times of files are kept."""
    return replace(study, folder=shutil.copytree(study.folder, tmp_path / "study", copy_function=shutil.copy2))


def sheet_of(study):
    """The participants sheet as text cells."""
    return pd.read_csv(study.folder / "phantom/participants.tsv", sep="\t", dtype=str, keep_default_na=False)


def write_sheet(study, sheet):
    """Write the participants sheet."""
    sheet.to_csv(study.folder / "phantom/participants.tsv", sep="\t", index=False)


def included(study, role):
    """A participant of this role who is in the study with all four outcomes."""
    table = read_table(study.folder / f"results/cohort/{role}.tsv", PARTICIPANTS)
    known = table[(table.status == "included") & table.poor_outcome.notna() & table.expansion_3ml.notna()]
    return known.subject.iloc[0]


def enroll(study, role, subject):
    """A new participant with the scans of one who is there but for one voxel: the same image twice is refused."""
    sheet, twin = sheet_of(study), included(study, role)
    row = sheet[sheet.participant_id == f"sub-{twin}"]
    for file in study.folder.glob(f"phantom/sub-{twin}_*"):
        own = file.with_name(file.name.replace(twin, subject))
        shutil.copy(file, own)
        if own.name.endswith("_ct.nii.gz"):
            scan = read_scan(own)
            scan.values[tuple(size // 2 for size in scan.values.shape)] += 1
            write_image(scan, own)
    write_sheet(study, pd.concat([sheet, row.replace(twin, subject, regex=True)]))


def test_a_new_external_patient_costs_its_own_jobs_and_the_tables_and_nothing_is_fitted(changed):
    enroll(changed, "external", "E9001")
    planned = changed.planned()
    assert {rule: planned[rule] for rule in OWN + BATCHED} == dict.fromkeys(OWN + BATCHED, 1)
    assert not (NETWORKS | FITS) & set(planned)
    assert planned["reduce_external"] == len(BLOCKS) and planned["gather_predictions"] == 1


def test_a_new_development_patient_refits_reductions_and_classifiers_and_trains_no_network(changed):
    before = read_table(changed.folder / "results/cohort/folds.tsv", FOLDS)
    enroll(changed, "development", "D9001")
    planned = changed.planned()
    assert {rule: planned[rule] for rule in OWN} == dict.fromkeys(OWN, 1)
    assert all(1 <= planned[rule] <= 2 for rule in BATCHED), planned
    assert not NETWORKS & set(planned)
    assert planned["reduce_block"] == len(BLOCKS) * (4 * 2 + 1) and planned["fit_classifiers"] == 24
    changed.run("results/cohort/folds.tsv")
    after = read_table(changed.folder / "results/cohort/folds.tsv", FOLDS)
    kept = after[after.subject != "D9001"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before)
    assert (after.subject == "D9001").any()


def test_a_removed_patient_changes_the_batch_it_was_in_and_what_is_fitted_on_it_and_no_other_image(changed):
    sheet, subject = sheet_of(changed), included(changed, "development")
    write_sheet(changed, sheet[sheet.participant_id != f"sub-{subject}"])
    planned = changed.planned()
    assert not (set(OWN) | NETWORKS) & set(planned)
    assert all(planned[rule] <= 1 for rule in BATCHED), planned
    assert planned["fit_classifiers"] == 24


def test_a_changed_outcome_in_the_sheet_opens_no_image(changed):
    sheet, subject = sheet_of(changed), included(changed, "development")
    cell = sheet.participant_id == f"sub-{subject}", "mrs"
    sheet.loc[cell] = "0" if float(sheet.loc[cell].iloc[0]) > 3 else "6"
    write_sheet(changed, sheet)
    planned = changed.planned()
    assert planned["fit_classifiers"] and not (IMAGES | NETWORKS) & set(planned)


def test_a_corrected_mask_reruns_its_patient_and_its_batch_and_trains_no_network(changed):
    path = changed.folder / f"phantom/sub-{included(changed, 'development')}_baseline_mask.nii.gz"
    mask = read_scan(path)
    mask.values[tuple(axis[0] for axis in mask.values.nonzero())] = 0
    write_image(mask, path)
    planned = changed.planned()
    assert {rule: planned[rule] for rule in (*OWN, *BATCHED)} == dict.fromkeys((*OWN, *BATCHED), 1)
    assert not NETWORKS & set(planned)


@pytest.fixture
def setting(tmp_path):
    """Arguments that change one setting of the tiny study."""

    def arguments(text):
        (tmp_path / "changed.yaml").write_text(text, "utf-8")
        return "--configfile", ROOT / "tests/workflow/tiny.yaml", tmp_path / "changed.yaml"

    return arguments


def test_a_changed_setting_of_one_classifier_refits_that_one(study, setting):
    planned = study.planned(*setting("classification: {classifiers: {extra_trees: {n_estimators: 11}}}"))
    assert planned["fit_classifiers"] == 4
    assert not (IMAGES | NETWORKS | {"reduce_block", "fit_comparators"}) & set(planned)


def test_a_changed_setting_of_pictures_draws_the_figures_that_show_pictures_and_no_other(study, setting):
    planned = study.planned(*setting("figures: {examples: 3}"))
    pictures = {"draw_segmentation_examples", "draw_reconstructions", "draw_saliency"}
    assert pictures <= set(planned) and not (IMAGES | FITS | NETWORKS) & set(planned)
    assert {rule for rule in planned if rule.startswith("draw_")} == pictures


def test_a_checkout_anew_of_the_same_code_reruns_nothing(study):
    for script in (study.code / "workflow/scripts").glob("*.py"):
        script.touch()
    assert study.planned() == {}


@pytest.fixture
def edited(study, tmp_path):
    """The study under a copy of the code that lies elsewhere, which makes nothing due."""
    folders = ("config", "envs", "resources", "rules", "src", "workflow")
    for name in folders:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(study.code / name, tmp_path / name, copy_function=shutil.copy2, ignore=ignored)
    shutil.copy2(study.code / "Snakefile", tmp_path)
    copy = replace(study, code=tmp_path)
    assert copy.planned() == {}
    return copy


def edit(study, module, before, after):
    """Edit one module of the copied code."""
    file = study.code / "src/ichdag" / module
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")
    return study.planned("--rerun-triggers", "params")


def test_a_changed_line_of_code_reruns_the_rules_that_reach_it_and_what_follows(edited):
    planned = edit(edited, "statistics/adjustment.py", "~np.isnan(p)", "np.isfinite(p)")
    assert set(planned) == {"compare_pairs", "compare_patients", "make_report", "all"}


def test_a_changed_color_draws_its_figure_and_no_other(edited):
    planned = edit(edited, "figures/decision.py", 'color=GRAY, label="Treat all"', 'color=DARK_GRAY, label="Treat all"')
    assert planned == {"draw_curves": 1, "make_report": 1, "all": 1}


def test_a_changed_comment_or_meaning_of_a_column_reruns_nothing(edited):
    assert edit(edited, "statistics/adjustment.py", "import numpy", "# a comment\nimport numpy") == {}
    assert edit(edited, "columns.py", '"two-sided p"', '"two-sided p-value"') == {}


def test_changed_radiomics_parameters_train_no_network(edited):
    file = edited.code / "config/radiomics.yaml"
    text = file.read_text("utf-8")
    assert "\n  binWidth: 2\n" in text
    file.write_text(text.replace("\n  binWidth: 2\n", "\n  binWidth: 3\n"), "utf-8")
    planned = edited.planned("--rerun-triggers", "params")
    assert planned["extract_radiomics"] and not NETWORKS & set(planned)


def test_the_plan_says_what_a_change_reruns_and_why(study, setting):
    text = study.snakemake("--dry-run", "--logger", "plan", *setting("features: {rank: 4}"))
    assert "reduce_block" in text and "settings changed: rank 3 -> 4" in text
    assert "fit_classifiers" in text and "follows from reduce_block" in text and "train_network" not in text
    assert "Nothing to be done" in study.snakemake("--dry-run", "--logger", "plan")
