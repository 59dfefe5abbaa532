"""Frozen models: one whose parts are short texts, and the parts of one that predicts."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ichdag.bundled_files import bundled_path
from ichdag.features.reducer import Reducer
from ichdag.latent.vaegan_networks import Autoencoder, VaeganSettings
from ichdag.models import ModelCard, write_card, write_weights
from ichdag.pipelines import write_pipeline
from ichdag.prediction.frozen import freeze, model_files
from ichdag.segmentation.dual_scale_unet import DualScaleUNet, NetworkSettings

FEATURES = "shape+segmentation+vaegan"
SUBJECTS = {"network": ["a", "b"], "reduction": ["a", "c"], "outcome": ["c", "d"]}
GRID, PATCH, RANK = 32, 16, 2
NETWORK = {"channels": [4, 8, 16], "deep_supervision": 1}
VAEGAN = {"channels": [4, 8]}
WIDTHS = {"segmentation": 16 * (8**3 + 4**3), "vaegan": 8 * 4**3}


@pytest.fixture
def frozen(tmp_path):
    """A function that freezes a model of these outcomes, each part a text of its own, and returns its folder."""

    def make(*outcomes, text="", folder=tmp_path / "model"):
        source, sources = tmp_path / f"source{text}", {}
        source.mkdir(exist_ok=True)
        for part, file in model_files(FEATURES, outcomes=outcomes).items():
            sources[part] = source / file
            if file.endswith(".json"):
                card = ModelCard(file, {"seed": 1}, SUBJECTS[file.split("_")[0]], scores={"of": file})
                write_card(card, sources[part])
            else:
                sources[part].write_text(f"{file} {text}\n")
        settings = {"features": FEATURES, "cohort": {"min_lesion_ml": 0.1}}
        freeze(folder, sources=sources, outcomes=list(outcomes), settings=settings)
        return folder

    return make


@pytest.fixture(scope="session")
def small_settings():
    """The shipped settings of every stage, with small grids, no scan refused, and a mask wherever a network doubts."""
    config = yaml.safe_load(bundled_path("config/config.yaml").read_text("utf-8"))
    config["preprocessing"] |= {"grid": GRID, "field_of_view_mm": 184}
    config["cohort"]["quality"]["only_warn"] = list(config["cohort"]["quality"]["limits"])
    config["segmentation"] |= {"network": NETWORK, "threshold": 0.05}  # an untrained network is a tenth sure of blood
    config["latent"]["network"] = VAEGAN
    config["latent"]["patches"]["size"] = PATCH
    config["latent"]["precision"] = "float32"
    config["prediction"] = {"features": "segmentation+vaegan", "classifier": "elastic_net"}
    return config


@pytest.fixture(scope="session")
def write_parts():
    """A function that writes the parts of a small model, each to its path, for outcomes of these probabilities."""

    def write(paths, *, probabilities):
        for path in paths.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(1)
        segmentation, vaegan = {"variant": "dual", "network": NETWORK}, {"network": VAEGAN}
        network, autoencoder = (
            DualScaleUNet(NetworkSettings(**NETWORK), dual=True),
            Autoencoder(VaeganSettings(**VAEGAN)),
        )
        write_weights(network.state_dict(), paths["segmentation"], identity=segmentation)
        write_card(ModelCard("dual", segmentation, ["a"]), paths["segmentation_card"])
        write_weights(autoencoder.state_dict(), paths["vaegan"], identity=vaegan)
        write_card(ModelCard("vaegan", vaegan, ["a"]), paths["vaegan_card"])
        for block, width in WIDTHS.items():
            reducer = Reducer(rank=RANK, init="nndsvda", max_iter=20, tolerance=1e-3, random_state=0)
            noise = np.random.default_rng(0).random((8, width))
            write_pipeline(reducer.fit(noise), paths[f"reduction/{block}"])
            write_card(ModelCard(block, {}, ["b"], {"width": width}), paths[f"reduction_card/{block}"])
        for outcome, probability in probabilities.items():
            write_pipeline(constant(probability), paths[f"classifier/{outcome}"])
            write_card(ModelCard(outcome, {}, ["c"]), paths[f"classifier_card/{outcome}"])

    return write


def constant(probability):
    """A classifier that gives everybody one probability."""
    names = [f"{block}_{number:03d}" for block in WIDTHS for number in range(RANK)]
    table = pd.DataFrame(np.random.default_rng(0).random((6, len(names))), columns=names)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(table, [0, 1] * 3)
    pipeline[-1].coef_[:], pipeline[-1].intercept_[:] = 0, math.log(probability / (1 - probability))
    return pipeline
