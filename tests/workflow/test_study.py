"""The whole study runs, twice the same, and does again only what a change touches."""

import shutil
from dataclasses import replace

import pandas as pd
import pytest

from ichdag.classification.schemas import PREDICTIONS
from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.constants import CLASSIFIERS, FEATURE_SETS
from ichdag.images import read_scan, write_image
from ichdag.records import read_record
from ichdag.segmentation.schemas import TRAINING
from ichdag.tables import read_table

FITS = {"lock_training_list", "train_network", "train_vaegan", "reduce_block", "fit_classifiers", "fit_comparators"}


def test_every_prediction_of_the_study_is_there_and_the_report_too(study):
    table = read_table(study.folder / "results/classification/predictions.parquet", PREDICTIONS)
    ours = table[table.features.isin(FEATURE_SETS)]
    assert ours.groupby(["outcome", "features", "classifier"]).ngroups == 4 * len(FEATURE_SETS) * len(CLASSIFIERS)
    assert (study.folder / "results/report/report.html").stat().st_size > 50_000


def test_everybody_is_in_the_cohort_table_once_and_the_faulty_ones_have_a_reason(study):
    table = read_table(study.folder / "results/cohort/participants.tsv", PARTICIPANTS)
    assert len(table) == 26 and not table.subject.duplicated().any()
    truth = read_record(study.folder / "phantom/truth.json")
    for subject in table.subject[table.status == "included"]:
        assert truth[subject]["fault"] not in ("empty_scan", "wrong_units", "mask_off_grid", "truncated_file")
    assert table.reason[table.status == "excluded"].notna().all()


def test_masks_of_development_patients_are_out_of_fold(study):
    training = read_table(study.folder / "ledger/training.tsv", TRAINING)
    for fold, subjects in training.groupby("fold").subject:
        card = read_record(study.folder / f"ledger/segmentation/dual_{fold}/card.json")
        assert card["subjects"] and not set(card["subjects"]) & set(subjects)


def test_a_finished_study_has_nothing_to_do(study):
    assert study.planned() == {} and "Nothing to be done" in study.snakemake("--dry-run")


def test_one_external_scan_costs_its_own_jobs_and_fits_nothing(study, tmp_path):
    copy = replace(study, folder=shutil.copytree(study.folder, tmp_path / "study", copy_function=shutil.copy2))
    table = read_table(copy.folder / "results/cohort/external.tsv", PARTICIPANTS)
    subject = table.subject[table.status == "included"].iloc[0]
    path = copy.folder / f"phantom/sub-{subject}_baseline_ct.nii.gz"
    scan = read_scan(path)
    scan.values[tuple(size // 2 for size in scan.values.shape)] += 1
    write_image(scan, path)
    planned = copy.planned()
    assert planned["make_report"] == 1 and not FITS & set(planned)
    assert all(planned[rule] == 1 for rule in ("check_scans", "extract_radiomics", "segment_batch")), planned


def test_the_frozen_model_gives_an_external_patient_the_probability_of_the_study(study, tmp_path):
    """A patient of the external cohort, told to be a new one: the frozen model must say what the study said."""
    copy = replace(study, folder=shutil.copytree(study.folder, tmp_path / "study", copy_function=shutil.copy2))
    sheet = pd.read_csv(copy.folder / "phantom/participants.tsv", sep="\t", dtype=str, keep_default_na=False)
    cohort = read_table(copy.folder / "results/cohort/external.tsv", PARTICIPANTS)
    subject = cohort.subject[(cohort.status == "included") & cohort.poor_outcome.notna()].iloc[0]
    twin = sheet[sheet.participant_id == f"sub-{subject}"].assign(participant_id="sub-Twin", role="prediction")
    pd.concat([sheet, twin]).to_csv(copy.folder / "sheet.tsv", sep="\t", index=False)
    text = (copy.folder / "sheet.tsv").read_text().replace("\tsub-", "\tphantom/sub-")
    (copy.folder / "sheet.tsv").write_text(text)
    target = "results/prediction/sub-Twin_prediction.json"
    copy.snakemake(
        target,
        "--config",
        "participants=sheet.tsv",
        "--rerun-triggers",
        "mtime",
        "--allowed-rules",
        "convert_scans",
        "check_scans",
        "predict_patient",
    )
    found = read_record(copy.folder / target)
    table = read_table(copy.folder / "results/classification/predictions.parquet", PREDICTIONS)
    mine = table[(table.subject == subject) & (table.features == "radiomics+segmentation+vaegan")]
    for outcome, probability in mine[mine.classifier == "extra_trees"].set_index("outcome").probability.items():
        assert found[outcome] == pytest.approx(probability, abs=1e-6), outcome


def test_a_faulty_config_stops_before_the_first_job_with_every_fault(new_study, tmp_path):
    text = new_study.snakemake("--config", "folds=many", "sed=1", ok=False)
    text = " ".join(text.split())
    assert "2 faults" in text and "config folds 'many' is not of type 'integer'" in text and "'sed' was" in text
    assert not list(tmp_path.glob("results/*"))


def test_a_missing_sheet_says_what_to_do(new_study):
    text = new_study.snakemake(ok=False)
    assert "participants sheet phantom/participants.tsv not found" in text and "target 'phantom'" in text


@pytest.mark.whole
def test_two_runs_with_one_seed_give_the_same_predictions_bit_for_bit(study, new_study):
    """One outcome, from the scans through networks, radiomics, latents and NMF to every classifier."""
    shutil.copytree(study.folder / "phantom", new_study.folder / "phantom")
    names = [f"results/classification/cv/poor_outcome_{classifier}.parquet" for classifier in CLASSIFIERS]
    names.append("results/classification/external/poor_outcome.parquet")
    new_study.run(*names)
    for name in names:
        assert (new_study.folder / name).read_bytes() == (study.folder / name).read_bytes(), name
