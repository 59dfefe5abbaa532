"""Who trains which network, and who is segmented by which network."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch

from ichdag.models import write_weights
from ichdag.segmentation.dual_scale_unet import DualScaleUNet, NetworkSettings
from ichdag.segmentation.fold_assignment import assign_persons, assigned_network, training_subjects
from ichdag.segmentation.inference import InferenceSettings, lesion_probability, load_network, mean_dice, segment_batch

CPU = torch.device("cpu")
SINGLE, ENSEMBLE = InferenceSettings([], ensemble=False), InferenceSettings([], ensemble=True)
FOLDS = {"S0": 0, "S1": 1, "S2": 1}


@pytest.fixture
def networks(tmp_path):
    """Untrained networks of two folds and the final one, both variants, each with weights of its own."""
    entries = []
    for seed, (variant, fold) in enumerate((v, f) for v in ("dual", "single") for f in ("0", "1", "final")):
        torch.manual_seed(seed)
        folder = tmp_path / f"{variant}_{fold}"
        network = DualScaleUNet(NetworkSettings([4, 8], 1), dual=variant == "dual")
        identity = {"network": {"channels": [4, 8], "deep_supervision": 1}, "variant": variant}
        write_weights(network.state_dict(), folder / "weights.safetensors", identity=identity)
        weights = {"weights": str(folder / "weights.safetensors")}
        entries.append({"name": folder.name, "variant": variant, "fold": fold, **weights})
    return {"folds": FOLDS, "networks": entries}


def test_another_scan_of_a_person_on_the_training_list_goes_to_a_network_that_never_saw_the_person():
    folds = assign_persons({"a": 0, "b": 1}, {"a": "P1", "c": "P1", "d": "P2"})
    assert folds == {"a": 0, "b": 1, "c": 0}
    assert assigned_network("c", folds) == "0" and assigned_network("d", folds) == "final"


def test_training_subjects_get_the_network_that_never_saw_them_and_others_the_final_one():
    for subject in FOLDS:
        assert subject not in training_subjects(assigned_network(subject, FOLDS), FOLDS)
    assert assigned_network("S9", FOLDS) == "final"
    assert training_subjects("final", FOLDS) == ["S0", "S1", "S2"]
    assert training_subjects("1", FOLDS) == ["S0"]


def test_a_batch_holds_both_variants_at_baseline_and_the_dual_one_at_follow_up(grids, networks):
    stored = dict(segment_batch({"S0": grids["S0"], "S4": grids["S4"]}, networks=networks, settings=SINGLE, device=CPU))
    digests = {f"{subject}/grids": stored.pop(f"{subject}/grids") for subject in ("S0", "S4")}
    assert all(
        bytes(digests[f"{subject}/grids"]) == sha256(Path(grids[subject]).read_bytes()).digest()
        for subject in ("S0", "S4")
    )
    assert set(stored) == {
        f"{subject}/{name}"
        for subject in ("S0", "S4")
        for name in ("baseline/dual", "baseline/single", "followup/dual")
    }
    assert all(array.dtype == np.uint8 and array.shape == (16, 16, 16) for array in stored.values())


def test_each_participant_is_segmented_by_the_network_chosen_for_it(grids, networks):
    stored = dict(segment_batch({"S1": grids["S1"], "S4": grids["S4"]}, networks=networks, settings=SINGLE, device=CPU))
    for subject, fold in (("S1", "1"), ("S4", "final")):
        entry = next(entry for entry in networks["networks"] if entry["name"] == f"dual_{fold}")
        network = load_network(entry["weights"], device=CPU)
        arrays = np.load(grids[subject])
        views = {"fine": arrays["baseline_fine"], "coarse": arrays["baseline_coarse"]}
        expected = np.rint(lesion_probability(network, **views, device=CPU) * 255).astype(np.uint8)
        assert np.array_equal(stored[f"{subject}/baseline/dual"], expected)


def test_in_an_ensemble_external_participants_get_the_mean_of_the_folds_and_others_their_own(grids, networks):
    grids_of_both = {"S1": grids["S1"], "S4": grids["S4"]}
    stored = dict(segment_batch(grids_of_both, networks=networks, settings=ENSEMBLE, device=CPU))
    alone = dict(segment_batch(grids_of_both, networks=networks, settings=SINGLE, device=CPU))
    assert np.array_equal(stored["S1/baseline/dual"], alone["S1/baseline/dual"])
    arrays = np.load(grids["S4"])
    views = {"fine": arrays["followup_fine"], "coarse": arrays["followup_coarse"], "device": CPU}
    ensemble = [entry for entry in networks["networks"] if entry["name"] in ("dual_0", "dual_1")]
    mean = np.mean(
        [lesion_probability(load_network(member["weights"], device=CPU), **views) for member in ensemble],
        axis=0,
    )
    assert np.abs(stored["S4/followup/dual"].astype(float) - mean * 255).max() < 0.51
    assert not np.array_equal(stored["S4/followup/dual"], alone["S4/followup/dual"])


def test_mirroring_makes_the_probability_of_a_mirrored_scan_the_mirrored_probability(grids, networks):
    entry = networks["networks"][0]
    network = load_network(entry["weights"], device=CPU)
    arrays = np.load(grids["S0"])
    views = {"fine": arrays["baseline_fine"], "coarse": arrays["baseline_coarse"]}
    mirrored = {name: view[::-1].copy() for name, view in views.items()}
    probability, of_mirrored = (
        lesion_probability(network, **both, device=CPU, mirror_axes=[0, 2]) for both in (views, mirrored)
    )
    assert of_mirrored[::-1] == pytest.approx(probability, abs=1e-6)
    assert np.abs(lesion_probability(network, **views, device=CPU) - probability).max() > 1e-4


def test_a_network_without_held_out_scans_has_no_dice(networks):
    entry = networks["networks"][0]
    network = load_network(entry["weights"], device=CPU)
    assert mean_dice(network, [], threshold=0.5, device=CPU) == {}
