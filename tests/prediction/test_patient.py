"""The frozen model on one scan, from the folder alone."""

import shutil

import numpy as np
import pytest
import torch

from ichdag.bundled_files import bundled_path
from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.prediction import patient
from ichdag.prediction.frozen import freeze, load_frozen, model_files
from ichdag.prediction.patient import predict_patient

PROBABILITIES = {"death": 0.2, "poor_outcome": 0.7, "card": 0.9}


@pytest.fixture(scope="module")
def folder(write_parts, small_settings, tmp_path_factory):
    """A frozen model; what it was made of is gone."""
    place, outcomes, config = tmp_path_factory.mktemp("parts"), list(PROBABILITIES), small_settings
    features, preprocessing, latent = config["prediction"]["features"], config["preprocessing"], config["latent"]
    sources = {part: place / file for part, file in model_files(features, outcomes=outcomes).items()}
    shutil.copy(bundled_path("config/radiomics.yaml"), sources["parameters"])
    write_parts(sources, probabilities=PROBABILITIES)
    voxel_mm = preprocessing["field_of_view_mm"] / preprocessing["grid"]
    settings = {name: config[name] for name in ("cohort", "preprocessing", "segmentation", "radiomics")}
    settings["patches"] = latent["patches"] | {"window_hu": preprocessing["window_hu"], "voxel_mm": voxel_mm}
    settings |= {"features": features, "precision": latent["precision"]}
    freeze(place / "model", sources=sources, outcomes=outcomes, settings=settings)
    for path in sources.values():
        path.unlink()
    return place / "model"


@pytest.fixture
def known(folder):
    """What is handed over beside the scan."""
    return {"facts": {}, "subject": "P1", "model": load_frozen(folder), "device": torch.device("cpu")}


def test_each_outcome_is_answered_by_its_own_classifier(known, head):
    record, mask = predict_patient(head[0], **known)
    assert mask.volume_ml > 1 and mask.values.shape == head[0].values.shape
    assert record == pytest.approx({"subject": "P1", "baseline_volume_ml": mask.volume_ml, **PROBABILITIES})


def test_latents_that_are_not_finite_are_said_to_be_a_fault_of_the_patient_s_data(known, head, monkeypatch):
    def broken(*_, **__):
        return np.full(512, np.inf, dtype=np.float32)

    monkeypatch.setattr(patient, "vaegan_features", broken)
    with pytest.raises(
        DataFault, match=r"latent: P1 has vaegan latents that are not finite: 512 of 512, column 0 first"
    ):
        predict_patient(head[0], **known)


def test_an_empty_scan_is_a_fault_of_its_data(known, head):
    with pytest.raises(DataFault, match="empty scan"):
        predict_patient(Volume(head[0].values * 0 - 1000, head[0].affine), **known)
