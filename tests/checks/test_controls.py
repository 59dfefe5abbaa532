"""Known truth: where one trait alone carries the signal, the feature set that shows it comes near the oracle.

Scans are drawn, not read; masks are the true ones; no network is trained, so that the histogram of the lesion patch
stands for what the VAE-GAN can see of it.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import yaml
from radiomics.featureextractor import RadiomicsFeatureExtractor
from scipy import ndimage
from sklearn.preprocessing import MinMaxScaler

from ichdag.classification import ClassificationSettings, classifier_settings
from ichdag.classification.classifiers import ClassifierConfig, fit
from ichdag.evaluation.delong import auc_interval, estimate_aucs, paired_difference
from ichdag.latent.patches import PatchSettings, cut_patch
from ichdag.phantom import SIGNALS
from ichdag.phantom.scanner import ScannerSettings, draw_scan
from ichdag.phantom.truth import draw_truth

ROOT = Path(__file__).parents[2]
DEVELOPMENT = [f"D{number:04d}" for number in range(1, 141)]
EXTERNAL = [f"E{number:04d}" for number in range(1, 101)]
SCANNER = ScannerSettings(matrix=64, field_of_view_mm=(205, 240), slice_thickness_mm=(4.5, 5.0))
PATCH = PatchSettings(size=24, dilation_size=5, blank_outside=False, window_hu=[-20, 120], voxel_mm=2.5)
# The set that shows the trait, and one that does not: no block of images is blind to shape, so age and sex stand there.
SETS = {"shape": ("shape", "clinical"), "texture": ("radiomics", "shape"), "rim": ("patch", "radiomics")}
NEAR, CHANCE = 0.10, 0.99


def truth_of(signal):
    """What is true of everybody under one signal setting: the scans of all settings show the same traits."""
    drawn = {
        subject: draw_truth(subject, signal=signal, faulty=0, seed=1, outcomes={"poor_outcome": "mrs > 3"})
        for subject in (*DEVELOPMENT, *EXTERNAL)
    }
    return pd.DataFrame.from_dict(drawn, orient="index")


@pytest.fixture(scope="module")
def features():
    """Radiomics of the lesion (shape, intensity, texture), shape alone, the patch's histogram, age and sex."""
    logging.getLogger("radiomics").setLevel(logging.ERROR)
    extractor = RadiomicsFeatureExtractor(binWidth=5)
    people = truth_of("null")
    radiomics, patches = {}, {}
    for subject, truth in people.iterrows():
        scan, mask = draw_scan(truth.to_dict(), timepoint="baseline", scanner=SCANNER)
        box = ndimage.find_objects(mask.values.astype(np.uint8))[0]
        images = [sitk.GetImageFromArray(volume.values[box].astype(float).T) for volume in (scan, mask)]
        for image in images:
            image.SetSpacing(scan.spacing_mm.tolist())
        result = extractor.execute(images[0], sitk.Cast(images[1], sitk.sitkUInt8))
        radiomics[subject] = {name: float(cell) for name, cell in result.items() if not name.startswith("diagnostics")}
        patch, inside = cut_patch(scan, mask=mask, settings=PATCH)
        patches[subject] = np.histogram(patch[inside], bins=20, range=(0, 0.7))[0] / inside.sum()
    table = pd.DataFrame.from_dict(radiomics, orient="index")
    shape = table[[name for name in table if "_shape_" in name]]
    clinical = pd.DataFrame({"age": people.age, "sex": (people.sex == "F").astype(float)})
    histogram = pd.DataFrame.from_dict(patches, orient="index").rename(columns=str)
    return {"radiomics": table, "shape": shape, "patch": histogram, "clinical": clinical}


@pytest.fixture(scope="module")
def config():
    """The elastic net of the shipped settings."""
    given = yaml.safe_load((ROOT / "config/config.yaml").read_text("utf-8"))["classification"]
    return ClassifierConfig(
        "elastic_net", ClassificationSettings(**classifier_settings(given, "elastic_net")), seed=0, threads=1
    )


def scores_of(table, labels, config):
    """Scores of the external participants by a model of the development participants."""
    scaler = MinMaxScaler(clip=True).set_output(transform="pandas").fit(table.loc[DEVELOPMENT])
    persons = pd.Series(DEVELOPMENT, DEVELOPMENT)
    rows = scaler.transform(table.loc[DEVELOPMENT])
    model = fit(config, X=rows, y=labels[DEVELOPMENT], persons=persons)
    return model.predict_proba(scaler.transform(table.loc[EXTERNAL]))[:, 1]


@pytest.mark.parametrize("signal", SETS)
def test_the_right_set_comes_near_the_oracle_and_the_blind_one_stays_at_chance(signal, features, config):
    right, blind = SETS[signal]
    people = truth_of(signal)
    labels = (people.mrs > 3).astype(int)
    scores = [scores_of(features[name], labels, config) for name in (right, blind)]
    result = estimate_aucs(
        labels[EXTERNAL].to_numpy(), scores=np.stack([*scores, people.oracle_poor_outcome[EXTERNAL]])
    )
    assert result.auc[2] > 0.8
    assert result.auc[0] > result.auc[2] - NEAR, f"{right}: {result.auc[0]:.3f}, oracle {result.auc[2]:.3f}"
    low, high, _ = auc_interval(result.select(1), confidence=CHANCE)
    assert low < 0.5 < high, f"{blind}: {result.auc[1]:.3f}"
    assert paired_difference(result, first=0, second=1, confidence=0.95).p < 1e-4


def test_without_a_signal_no_set_is_better_than_chance(features, config):
    labels = (truth_of("null").mrs > 3).astype(int)
    for name, table in features.items():
        result = estimate_aucs(labels[EXTERNAL].to_numpy(), scores=scores_of(table, labels, config))
        low, high, _ = auc_interval(result, confidence=CHANCE)
        assert low < 0.5 < high, f"{name}: {result.auc[0]:.3f}"


def test_every_control_is_shipped_and_sets_nothing_but_its_signal():
    shipped = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in (ROOT / "config/controls").glob("*.yaml")}
    assert shipped == {name: {"phantom": {"signal": name}} for name in SIGNALS if name != "study"}
