"""Threshold and smallest component are chosen on scans that their networks have not seen, or taken as given."""

import numpy as np
import pytest
import torch

from ichdag.arrays import write_arrays
from ichdag.jobs import StudyError
from ichdag.segmentation import cleanup
from ichdag.segmentation.cleanup import CleanupSettings, choose_cleanup
from ichdag.segmentation.inference import InferenceSettings
from ichdag.segmentation.native_grid import MaskSettings

CPU, SINGLE, GIVEN = torch.device("cpu"), InferenceSettings([], ensemble=False), MaskSettings(0.5, 0.1)
SETTINGS = CleanupSettings("cv", [0.3, 0.5, 0.7], [0, 0.5, 100])


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Two subjects in two folds, whose networks see a halo of 0.6 around the lesion and a false speck of 0.2 mL."""
    mask = np.zeros((16, 16, 16), np.float16)
    mask[4:10, 4:10, 4:10] = 1
    probability = np.zeros((16, 16, 16), np.float32)
    probability[3:11, 3:11, 3:11] = 0.6
    probability[mask > 0] = 1
    probability[13:15, 13:15, 13] = 1
    grids = {}
    for subject in ("A", "B"):
        grids[subject] = tmp_path / f"{subject}.npz"
        fine = {"baseline_fine": mask, "baseline_coarse": mask[::2, ::2, ::2]}
        write_arrays(grids[subject], **fine, baseline_mask=mask, baseline_affine=np.diag([4.0, 4, 4, 1]))
    loaded_weights = []
    monkeypatch.setattr(cleanup, "load_network", lambda weights, **options: loaded_weights.append(weights) or weights)
    monkeypatch.setattr(cleanup, "lesion_probability", lambda network, **options: probability)
    entries = [
        {"weights": f"{variant}_{fold}", "variant": variant, "fold": fold}
        for variant in ("dual", "single")
        for fold in ("0", "1", "final")
    ]
    return grids, {"folds": {"A": 0, "B": 1}, "networks": entries}, loaded_weights


def chosen(study, settings=SETTINGS, grids=None):
    return choose_cleanup(
        study[0] if grids is None else grids,
        networks=study[1],
        given=GIVEN,
        settings=settings,
        inference=SINGLE,
        device=CPU,
    )


def test_the_candidate_of_the_best_dice_wins(study):
    choice = chosen(study)
    assert (choice["threshold"], choice["min_component_ml"], choice["chosen"]) == (0.7, 0.5, "cv")
    dice = {(row["threshold"], row["min_component_ml"]): row["dice"] for row in choice["candidates"]}
    assert len(dice) == 9 and max(dice.values()) == dice[0.7, 0.5] > dice[0.7, 0] > dice[0.3, 0] > dice[0.7, 100]


def test_each_scan_is_segmented_by_the_dual_network_of_its_own_fold(study):
    chosen(study)
    assert study[2] == ["dual_0", "dual_1"]


def test_among_equals_the_candidate_nearest_to_the_given_one_wins(study):
    choice = chosen(study, CleanupSettings("cv", [0.7], [2, 0.5, 1]))
    assert (choice["threshold"], choice["min_component_ml"]) == (0.7, 0.5)


def test_what_is_given_is_taken_without_looking_at_any_scan(study):
    choice = chosen(study, CleanupSettings("given", [0.7], [1]), grids={})
    assert (choice["threshold"], choice["min_component_ml"], study[2]) == (0.5, 0.1, [])
    with pytest.raises(StudyError, match="set segmentation.cleanup.chosen to given"):
        chosen(study, grids={})
