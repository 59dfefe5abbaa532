"""Training learns, resumes bit for bit, and refuses what would spoil it."""

from dataclasses import replace

import pandas as pd
import pytest
import torch

from ichdag.jobs import StudyError
from ichdag.segmentation.inference import mean_dice
from ichdag.segmentation.training import load_samples, manual_baselines, train_network
from ichdag.training import Checkpoint, find_device, polynomial_decay, refuse_nan, warm_up

DEVICE = find_device(1)
CONFIGURATION = {"settings": {"learning_rate": 0.01}, "subjects": ["S0", "S1"]}


class Killed(Exception):
    """Stands for SIGKILL."""


class KilledAfter(Checkpoint):
    """A checkpoint whose training is killed after some epochs."""

    def save(self, epochs, generator, **parts):
        super().save(epochs, generator, **parts)
        if epochs == 2:
            raise Killed


def trained(grids, settings, path, kind=Checkpoint, configuration=CONFIGURATION):
    checkpoint = kind(path, configuration=configuration)
    return train_network(load_samples(grids), **settings, checkpoint=checkpoint, device=DEVICE)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_killed_training_ends_with_the_same_bits_as_one_that_was_not(grids, settings, tmp_path, optimizer):
    settings["settings"] = replace(settings["settings"], optimizer=optimizer, learning_rate=0.05)
    whole, losses = trained(grids, settings, tmp_path / "whole.pt")
    with pytest.raises(Killed):
        trained(grids, settings, tmp_path / "killed.pt", kind=KilledAfter)
    resumed, again = trained(grids, settings, tmp_path / "killed.pt")
    assert losses == again
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


def test_the_network_learns(grids, settings, tmp_path):
    settings["settings"] = replace(settings["settings"], epochs=20)
    network, losses = trained(grids, settings, tmp_path / "many.pt")
    assert losses["loss"] < 1 and 0.5 < losses["volume_ratio"] < 2
    assert mean_dice(network, grids.values(), threshold=0.5, device=DEVICE)["dice_mean"] > 0.8


def test_a_checkpoint_of_another_configuration_is_refused_by_name(grids, settings, tmp_path):
    trained(grids, settings, tmp_path / "one.pt")
    other = {"settings": {"learning_rate": 0.1}, "subjects": ["S0", "S1"]}
    with pytest.raises(StudyError, match=r"settings.learning_rate: 0.01 in the checkpoint, 0.1 now") as refusal:
        trained(grids, settings, tmp_path / "one.pt", configuration=other)
    assert "subjects" not in str(refusal.value) and "delete the checkpoint" in str(refusal.value)


def test_a_checkpoint_is_gone_once_removed(grids, settings, tmp_path):
    trained(grids, settings, tmp_path / "one.pt")
    checkpoint = Checkpoint(tmp_path / "one.pt", configuration=CONFIGURATION)
    assert checkpoint.path.is_file()
    checkpoint.remove()
    checkpoint.remove()
    assert not checkpoint.path.exists()


def test_a_loss_that_is_not_finite_stops_the_training(grids, settings, tmp_path):
    settings["settings"] = replace(settings["settings"], learning_rate=1e30, optimizer="sgd", epochs=8)
    with pytest.raises(StudyError, match="is not finite. Lower the learning rate"):
        trained(grids, settings, tmp_path / "one.pt")
    with pytest.raises(StudyError, match="epoch 3: loss"):
        refuse_nan({"loss": float("nan"), "kl": 1.0}, epoch=2)


def test_a_network_that_settles_on_finding_nothing_is_refused(grids, settings, tmp_path):
    settings["settings"] = replace(settings["settings"], learning_rate=1e-9)
    with pytest.raises(StudyError, match="finds no lesion in its own 5 training scans.*lesion_weight"):
        trained(grids, settings, tmp_path / "one.pt")
    assert not (tmp_path / "one.pt").exists()


def test_the_learning_rate_decays_from_its_start_to_zero():
    assert polynomial_decay(0.01, done=0) == 0.01
    assert polynomial_decay(0.01, done=0.5) == pytest.approx(0.01 * 0.5**0.9)
    assert polynomial_decay(0.01, done=1) == 0


def test_the_learning_rate_warms_up_linearly_if_asked_to():
    assert [warm_up(epoch=epoch, warmup_epochs=2) for epoch in (0.5, 1, 2, 7)] == [0.25, 0.5, 1, 1]
    assert warm_up(epoch=0.1, warmup_epochs=0) == 1


def test_samples_keep_half_precision_and_their_order(grids):
    samples = load_samples(grids)
    assert samples.subjects == list(grids)
    assert samples.fine.dtype == torch.float16 and samples.mask.dtype == torch.bool
    assert samples.fine.shape == (5, 1, 16, 16, 16) and samples.coarse.shape == (5, 1, 8, 8, 8)
    with pytest.raises(StudyError, match="no scan with a manual mask"):
        load_samples({})


def test_only_baseline_scans_with_a_manual_mask_of_listed_subjects_are_trained_on():
    rows = [("S0", "baseline", "yes"), ("S0", "followup", "yes"), ("S1", "baseline", "no"), ("S2", "baseline", "yes")]
    table = pd.DataFrame(
        [(subject, timepoint, f"{subject}.npz", manual) for subject, timepoint, manual in rows],
        columns=["subject", "timepoint", "path", "manual"],
    )
    assert manual_baselines(table, subjects=["S1", "S0", "S9"]) == {"S0": "S0.npz"}
