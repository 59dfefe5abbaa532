"""The VAE-GAN learns, resumes bit for bit, and warns of a collapsed latent space and of an unbalanced training."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ichdag.arrays import write_store
from ichdag.jobs import StudyError
from ichdag.latent import vaegan_training
from ichdag.latent.diagnostics import active_units, diagnose, training_warnings
from ichdag.latent.vaegan_networks import Autoencoder, VaeganSettings
from ichdag.latent.vaegan_training import load_patches, train_vaegan
from ichdag.training import Checkpoint, find_device

DEVICE = find_device(1)


class Killed(Exception):
    """Stands for SIGKILL."""


class KilledAfter(Checkpoint):
    """A checkpoint whose training is killed after some epochs."""

    def save(self, epochs, generator, **parts):
        super().save(epochs, generator, **parts)
        if epochs == 2:
            raise Killed


def trained(patches, settings, path, kind=Checkpoint):
    return train_vaegan(
        patches, **settings, checkpoint=kind(path, configuration={"seed": 7}, data={"patches": patches}), device=DEVICE
    )


def test_a_killed_training_ends_with_the_same_bits_as_one_that_was_not(patches, settings, tmp_path):
    uninterrupted, history = trained(patches, settings, tmp_path / "uninterrupted.pt")
    with pytest.raises(Killed):
        trained(patches, settings, tmp_path / "killed.pt", kind=KilledAfter)
    resumed, again = trained(patches, settings, tmp_path / "killed.pt")
    assert history.rows == again.rows and len(again.rows) == 4
    for name, weight in uninterrupted.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


def test_reconstructions_get_better_and_the_card_has_the_scores(patches, settings, tmp_path):
    settings["settings"] = replace(settings["settings"], epochs=12)
    autoencoder, history = trained(patches, settings, tmp_path / "one.pt")
    assert history.last["reconstruction"] < 0.8 * history.rows[0]["reconstruction"]
    scores = diagnose(autoencoder, patches, losses=history.last, device=DEVICE)
    assert {"kl", "adversarial", "similarity", "discriminator", "discriminator_right", "active_units"} < set(scores)
    assert 0 <= scores["discriminator_right"] <= 1 and 0 < scores["active_units"] <= 1


def test_patches_are_shown_mirrored_as_often_as_the_chance_says(patches, settings, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(
        vaegan_training, "train_step", lambda vaegan, patch, *rest: shown.extend(patch) or {"loss": 1.0}
    )
    for chance in (0.0, 1.0):
        settings["settings"] = replace(settings["settings"], epochs=1, mirror=chance)
        trained(patches, settings, tmp_path / f"{chance}.pt")
    for number, changed in enumerate((patches, patches.flip(2, 3, 4))):
        seen = torch.stack(shown[number * len(patches) : (number + 1) * len(patches)])
        assert sorted(map(bytes, seen.half().numpy())) == sorted(map(bytes, changed.half().numpy()))


def test_a_discriminator_above_the_accuracy_ceiling_skips_its_step(patches, settings, tmp_path):
    settings["settings"] = replace(settings["settings"], discriminator_ceiling=1e-9)
    _, history = trained(patches, settings, tmp_path / "never.pt")
    assert all(row["discriminator_plays"] == 0 for row in history.rows if row["discriminator_right"] == 1)
    settings["settings"] = replace(settings["settings"], discriminator_ceiling=1.0)
    _, history = trained(patches, settings, tmp_path / "always.pt")
    assert all(row["discriminator_plays"] == pytest.approx(1) for row in history.rows)


def test_want_of_memory_and_losses_that_are_not_finite_are_named(patches, settings, tmp_path, monkeypatch):
    with pytest.raises(StudyError, match=r"in epoch 1 on patch \d.*reconstruction.* is not finite"):
        trained(patches * float("nan"), settings, tmp_path / "one.pt")
    monkeypatch.setattr(vaegan_training, "train_step", lambda *arguments: torch.empty(2**60))
    with pytest.raises(StudyError, match=r"batches of 2 and grids of 16\^3 voxels. Lower latent.training.batch_size"):
        trained(patches, settings, tmp_path / "one.pt")


def test_a_collapsed_latent_space_is_warned_of_in_the_card_and_in_the_log(patches, caplog):
    autoencoder = Autoencoder(VaeganSettings([4, 8])).eval()
    torch.nn.init.zeros_(autoencoder.encoder.mean.conv.conv.weight)
    scores = diagnose(autoencoder, patches, losses={"discriminator_right": 0.7}, device=DEVICE)
    assert scores["active_units"] == 0
    assert len(scores["complaints"]) == 1 and "collapsed" in scores["complaints"][0]
    assert "latent.training.kl_weight" in caplog.text


@pytest.mark.parametrize(("right", "words"), [(0.99, "has won"), (0.5, "has given up"), (0.7, None)])
def test_an_unbalanced_training_is_warned_of(right, words):
    warnings = training_warnings({"active_units": 0.9, "discriminator_right": right})
    assert warnings == [] if words is None else words in warnings[0]


def test_active_units_are_the_part_that_varies_over_patients(patches):
    autoencoder = Autoencoder(VaeganSettings([4, 8])).eval()
    head = autoencoder.encoder.mean.conv.conv
    torch.nn.init.zeros_(head.weight)
    head.weight.data[:2] = 1.0
    assert active_units(autoencoder, patches, device=DEVICE) == pytest.approx(2 / 8)


def test_a_training_on_other_patches_does_not_go_on_from_the_checkpoint(patches, settings, tmp_path):
    with pytest.raises(Killed):
        trained(patches, settings, tmp_path / "killed.pt", kind=KilledAfter)
    again, _ = trained(patches.flip(0), settings, tmp_path / "killed.pt")
    alone, _ = trained(patches.flip(0), settings, tmp_path / "alone.pt")
    for name, weight in alone.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name]), name


def test_only_subjects_with_a_patch_are_trained_on(tmp_path):
    patch = np.zeros((16, 16, 16), np.float16)
    write_store(tmp_path / "a.h5", [("S1/patch", patch), ("S3/patch", patch + 1)])
    stores = dict.fromkeys(("S1", "S2", "S3"), tmp_path / "a.h5")
    subjects, patches = load_patches(stores, subjects=["S3", "S2", "S1", "S9"])
    assert subjects == ["S3", "S1"] and patches.shape == (2, 1, 16, 16, 16) and patches.dtype == torch.float16
    assert patches[0].min() == 1 and patches[1].max() == 0
    with pytest.raises(StudyError, match="no lesion patch"):
        load_patches(stores, subjects=["S2"])
