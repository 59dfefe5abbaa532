"""Random changes keep scan, coarse scan and mask together."""

import pytest
import torch

from ichdag.segmentation.augmentation import AugmentationSettings, augment

STILL = AugmentationSettings(mirror=0, rotation_degrees=0, scale=[1, 1], noise=0, brightness=0, contrast=[1, 1])


@pytest.fixture
def batch():
    """Two scans that show their own mask, fine and coarse."""
    mask = torch.zeros(2, 1, 16, 16, 16)
    mask[:, :, 3:9, 4:10, 6:14] = 1
    return mask, torch.nn.functional.avg_pool3d(mask, 2), mask.clone()


def changed(batch, settings, seed=0):
    fine, coarse, mask = batch
    generator = torch.Generator().manual_seed(seed)
    return augment(fine, coarse=coarse, mask=mask, settings=settings, generator=generator)


def test_settings_of_no_change_change_nothing(batch):
    for before, after in zip(batch, changed(batch, STILL), strict=True):
        assert torch.allclose(before, after, atol=1e-5)


def test_a_certain_mirror_turns_every_axis_around(batch):
    after = changed(batch, AugmentationSettings(1, 0, [1, 1], 0, 0, [1, 1]))
    for one, other in zip(batch, after, strict=True):
        assert torch.allclose(one.flip(2, 3, 4), other, atol=1e-5)


def test_scan_coarse_scan_and_mask_move_together(batch):
    fine, coarse, mask = changed(batch, AugmentationSettings(0.5, 30, [0.8, 1.2], 0, 0, [1, 1]), seed=3)
    assert torch.equal((fine > 0.5).float(), mask)
    assert not torch.equal(mask, batch[2])
    assert (torch.nn.functional.avg_pool3d(fine, 2) - coarse).abs().mean() < 0.03


def test_a_scale_above_one_makes_the_lesion_larger(batch):
    larger = changed(batch, AugmentationSettings(0, 0, [1.26, 1.26], 0, 0, [1, 1]))[2].sum() / batch[2].sum()
    assert larger == pytest.approx(2, rel=0.2)


def test_intensities_stay_within_the_window(batch):
    fine, coarse, _ = changed(batch, AugmentationSettings(0, 0, [1, 1], 0.5, 0.5, [0.5, 2]))
    assert fine.min() >= 0 and fine.max() <= 1 and coarse.min() >= 0 and coarse.max() <= 1


def test_the_same_generator_state_gives_the_same_change(batch):
    settings = AugmentationSettings(0.5, 15, [0.85, 1.2], 0.05, 0.1, [0.85, 1.2])
    one, other, third = (changed(batch, settings, seed) for seed in (1, 1, 2))
    assert all(map(torch.equal, one, other))
    assert not torch.equal(one[0], third[0])
