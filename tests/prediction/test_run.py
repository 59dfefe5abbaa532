"""A model that is frozen and applied by Snakemake: what is gone or was changed is made anew."""

import os
import re
import shutil
from dataclasses import replace

import pytest
import yaml
from pretended import PATIENT, Pretended, write_sheet

from ichdag.bundled_files import bundled_path
from ichdag.images import write_image
from ichdag.records import read_record, write_record
from ichdag.scan_records import ScanRecord

PROBABILITIES = {"expansion_3ml": 0.1, "expansion_6ml": 0.3, "expansion_9ml": 0.6, "poor_outcome": 0.8}
PREDICTION = f"results/prediction/sub-{PATIENT}_prediction.json"
MODEL = "results/prediction/model"
ONLY = ("--rerun-triggers", "mtime", "--allowed-rules", "freeze_model", "predict_patient")
RUN = (PREDICTION, f"{MODEL}/card.json", *ONLY)


def parts_of(folder):
    """Where the rule finds each part; the networks' files are read off it."""
    text = bundled_path("rules/prediction.smk").read_text("utf-8")
    names = ("segmentation", "segmentation_card", "vaegan", "vaegan_card")
    paths = {name: re.search(rf'^ +{name}=.*?"([^"]+)"', text, re.M)[1] for name in names}
    for block in ("segmentation", "vaegan"):
        model = f"results/features/models/all_final_{block}"
        paths |= {f"reduction/{block}": f"{model}/pipeline.skops", f"reduction_card/{block}": f"{model}/card.json"}
    for outcome in PROBABILITIES:
        model = f"results/classification/models/{outcome}_elastic_net"
        paths |= {f"classifier/{outcome}": f"{model}/segmentation+vaegan.skops"}
        paths |= {f"classifier_card/{outcome}": f"{model}/card.json"}
    return {part: folder / path for part, path in paths.items()}


@pytest.fixture(scope="module")
def study(write_parts, small_settings, checked_scan, tmp_path_factory):
    """A study of which everything before the model is there."""
    folder = tmp_path_factory.mktemp("study")
    write_sheet(folder)
    (folder / "config.yaml").write_text(yaml.safe_dump(small_settings), "utf-8")
    write_parts(parts_of(folder), probabilities=PROBABILITIES)
    write_record({"threshold": 0.05, "min_component_ml": 0.1}, folder / "ledger/segmentation/cleanup.json")
    write_record(
        ScanRecord(PATIENT, checked_scan(), checked_scan(status="excluded", reason="no scan in the sheet")),
        folder / f"results/cohort/sub-{PATIENT}_scans.json",
    )
    return Pretended(folder, settings=(folder / "config.yaml",))


@pytest.fixture
def finished(study, head, tmp_path):
    """A copy of it with the model frozen and applied to one patient, to be spoiled; times of files are kept."""
    if not (study.folder / PREDICTION).exists():
        write_image(head[0], study.folder / f"results/conversion/sub-{PATIENT}_baseline_ct.nii.gz")
        code, words = study.snakemake(*RUN)
        assert code == 0, words
    return replace(study, folder=shutil.copytree(study.folder, tmp_path / "study", copy_function=shutil.copy2))


def spoil(path, data):
    """Write into a file and give it back its date."""
    before = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_patient_has_the_probabilities_of_the_classifiers_and_nothing_is_left_to_do(finished):
    record = read_record(finished.folder / PREDICTION)
    assert record["status"] == "included"
    assert {outcome: record[outcome] for outcome in PROBABILITIES} == pytest.approx(PROBABILITIES)
    assert finished.planned(*RUN) == {}


def test_a_part_cut_or_exchanged_with_its_date_kept_and_a_deleted_model_are_made_anew(finished):
    model, prediction = finished.folder / MODEL, finished.folder / PREDICTION
    before = prediction.read_bytes()
    one, other = (model / f"outcome_{outcome}.skops" for outcome in ("expansion_3ml", "poor_outcome"))
    first, second = one.read_bytes(), other.read_bytes()
    spoil(one, second)
    spoil(other, first)
    spoil(model / "network_segmentation.safetensors", b"")
    assert finished.planned(*RUN) == {"freeze_model": 1, "predict_patient": 1}
    for remove in (False, True):
        if remove:
            shutil.rmtree(model)
        code, words = finished.snakemake(*RUN)
        assert code == 0, words
        assert (one.read_bytes(), other.read_bytes(), prediction.read_bytes()) == (first, second, before)


def test_a_part_that_is_gone_is_made_anew(tmp_path):
    study = Pretended(tmp_path).finish()
    assert study.planned() == {}
    (study.folder / MODEL / "reduction_vaegan.json").unlink()
    assert set(study.planned()) == {"freeze_model", "predict_patient", "gather_new_predictions", "all"}
