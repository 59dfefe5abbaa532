"""Training learns, and refuses what would spoil it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from ichdag.arrays import read_arrays, write_arrays
from ichdag.jobs import StudyError
from ichdag.segmentation import network_training
from ichdag.segmentation.inference import mean_dice
from ichdag.segmentation.network_training import load_samples, manual_baselines, train_network
from ichdag.training import (
    Checkpoint,
    TrainingHistory,
    check_finite,
    describe_run,
    explain_out_of_memory,
    find_device,
    learning_curve,
    polynomial_decay,
    warmup_factor,
)

DEVICE = find_device(1)


def trained(grids, settings, path):
    checkpoint = Checkpoint(path, configuration={}, data={})
    return train_network(load_samples(grids), **settings, checkpoint=checkpoint, device=DEVICE)


def test_the_network_learns(grids, settings, tmp_path):
    settings["settings"] = replace(settings["settings"], epochs=20)
    network, history = trained(grids, settings, tmp_path / "many.pt")
    assert history.last["loss"] < 0.6 * history.rows[0]["loss"]
    assert history.last["dice"] > 0.8 and 0.5 < history.last["volume_ratio"] < 2
    assert mean_dice(network, grids.values(), threshold=0.5, device=DEVICE)["dice_mean"] > 0.8


def test_a_loss_that_is_not_finite_stops_the_training_and_names_the_scans(grids, settings, tmp_path):
    settings["settings"] = replace(settings["settings"], learning_rate=1e30, optimizer="sgd", epochs=8)
    with pytest.raises(StudyError, match=r"in epoch \d on S\d.*: loss is not finite. Lower the learning rate"):
        trained(grids, settings, tmp_path / "one.pt")
    with pytest.raises(StudyError, match="epoch 3 on S1, S2: loss is not"):
        check_finite({"loss": float("nan"), "kl": 1.0}, epoch=2, subjects=["S1", "S2"])


def test_a_scan_that_is_not_finite_stops_the_training_and_is_named(grids, settings, tmp_path):
    arrays = read_arrays(grids["S1"])
    arrays["baseline_fine"][3, 3, 3] = np.nan
    write_arrays(tmp_path / "S1.npz", **arrays)
    settings["settings"] = replace(settings["settings"], batch_size=1)
    with pytest.raises(StudyError, match="in epoch 1 on S1: loss is not finite"):
        trained(grids | {"S1": tmp_path / "S1.npz"}, settings, tmp_path / "one.pt")


@pytest.mark.parametrize("wanting", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError(), None])
def test_want_of_memory_names_batch_and_grid_and_what_to_lower(grids, settings, tmp_path, monkeypatch, wanting):
    def starve(*args, **kwargs):
        if wanting:
            raise wanting
        return torch.empty(2**60)  # the allocator itself gives up

    monkeypatch.setattr(network_training, "augment", starve)
    message = r"batches of 2 and grids of 16\^3 voxels. Lower segmentation.training.batch_size.*preprocessing.grid"
    with pytest.raises(StudyError, match=message):
        trained(grids, settings, tmp_path / "one.pt")


def test_other_errors_are_not_taken_for_want_of_memory():
    with (
        pytest.raises(RuntimeError, match="size mismatch"),
        explain_out_of_memory(batch_size=1, grid=8, settings=["this"]),
    ):
        raise RuntimeError("size mismatch")


def test_a_mask_without_lesion_is_left_out_and_named_and_masks_without_any_are_refused(grids, tmp_path, caplog):
    arrays = read_arrays(grids["S1"])
    write_arrays(tmp_path / "S1.npz", **arrays | {"baseline_mask": np.zeros_like(arrays["baseline_mask"])})
    samples = load_samples({**grids, "S1": tmp_path / "S1.npz"})
    assert samples.subjects == ["S0", "S2", "S3", "S4"]
    assert torch.equal(samples.mask[1], load_samples(grids).mask[2])
    assert "S1 is not trained on: no lesion in its mask" in caplog.text
    with pytest.raises(StudyError, match="1 masks named, none shows a lesion"):
        load_samples({"S1": tmp_path / "S1.npz"})


def test_masks_of_whole_voxels_and_of_parts_of_voxels_are_both_taken(grids, tmp_path):
    arrays = read_arrays(grids["S0"])
    part = arrays["baseline_mask"].astype(np.float16) * np.float16(0.75)
    write_arrays(tmp_path / "S0.npz", **arrays | {"baseline_mask": part})
    whole, parts = load_samples({"S0": grids["S0"]}), load_samples({"S0": tmp_path / "S0.npz"})
    assert whole.mask.max() == 255 and parts.mask.max() == 191
    assert parts.batch(torch.tensor([0]), DEVICE)[2].max() == pytest.approx(0.75, abs=0.002)


def test_a_training_stops_early_only_if_asked_to_and_the_loss_falls_no_more():
    losses = [1.0, 0.5, 0.4, 0.3, *[2.0] * 30]
    histories = {patience: TrainingHistory(epochs=40, patience_epochs=patience) for patience in (0, 5, 100)}
    for patience, history in histories.items():
        while history.should_continue() and len(history.rows) < len(losses):
            history.add({"loss": losses[len(history.rows)]})
        assert len(history.rows) == {0: 34, 5: 9, 100: 34}[patience], patience


def test_the_learning_curve_has_every_term_of_every_epoch(grids, settings, tmp_path):
    _, history = trained(grids, settings, tmp_path / "one.pt")
    table = learning_curve(history, model="dual_0")
    assert list(table["epoch"].unique()) == [1, 2, 3, 4]
    assert set(table["term"]) == {"loss", "dice", "volume_ratio"} and set(table["model"]) == {"dual_0"}
    assert table[(table.term == "loss") & (table.epoch == 4)].value.item() == history.last["loss"]
    assert describe_run(history, device=DEVICE) == {
        "device": "CPU, 1 threads",
        "epochs": 4,
        "seconds": round(history.seconds, 1),
    }


def test_a_network_that_predicts_empty_masks_is_refused(grids, settings, tmp_path):
    settings["settings"] = replace(settings["settings"], learning_rate=1e-9)
    with pytest.raises(StudyError, match="finds no lesion in its own 5 training scans.*lesion_weight"):
        trained(grids, settings, tmp_path / "one.pt")
    assert not (tmp_path / "one.pt").exists()


def test_the_learning_rate_decays_from_its_start_to_zero():
    assert polynomial_decay(0.01, progress=0) == 0.01
    assert polynomial_decay(0.01, progress=0.5) == pytest.approx(0.01 * 0.5**0.9)
    assert polynomial_decay(0.01, progress=1) == 0


def test_the_learning_rate_warms_up_linearly_if_asked_to():
    assert [warmup_factor(epoch=epoch, warmup_epochs=2) for epoch in (0.5, 1, 2, 7)] == [0.25, 0.5, 1, 1]
    assert warmup_factor(epoch=0.1, warmup_epochs=0) == 1


def test_samples_keep_half_precision_and_their_order(grids):
    samples = load_samples(grids)
    assert samples.subjects == list(grids)
    assert samples.fine.dtype == torch.float16 and samples.mask.dtype == torch.uint8
    assert samples.fine.shape == (5, 1, 16, 16, 16) and samples.coarse.shape == (5, 1, 8, 8, 8)
    with pytest.raises(StudyError, match="no scan with a lesion in its manual mask"):
        load_samples({})


def test_only_baseline_scans_with_a_manual_mask_of_listed_subjects_are_trained_on():
    rows = [("S0", "baseline", "yes"), ("S0", "followup", "yes"), ("S1", "baseline", "no"), ("S2", "baseline", "yes")]
    table = pd.DataFrame(
        [(subject, timepoint, f"{subject}.npz", manual) for subject, timepoint, manual in rows],
        columns=["subject", "timepoint", "path", "manual"],
    )
    assert manual_baselines(table, subjects=["S1", "S0", "S9"]) == {"S0": "S0.npz"}
