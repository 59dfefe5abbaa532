"""Random changes keep scan, coarse scan and mask together, and each does what its name says."""

from dataclasses import replace

import pytest
import torch

from ichdag.segmentation.augmentation import AugmentationSettings, augment

NEUTRAL = AugmentationSettings(
    probability=1,
    mirror=0,
    rotation_degrees=0,
    scale=[1, 1],
    noise=0,
    blur_voxels=0,
    brightness=0,
    contrast=[1, 1],
    low_resolution=1,
    gamma=[1, 1],
)
ALL_TRANSFORMS = AugmentationSettings(1, 0.5, 15, [0.85, 1.2], 0.05, 1, 0.1, [0.85, 1.2], 0.5, [0.7, 1.5])


@pytest.fixture
def batch():
    """Two scans that show their own mask, fine and coarse."""
    mask = torch.zeros(2, 1, 16, 16, 16)
    mask[:, :, 3:9, 4:10, 6:14] = 1
    return mask, torch.nn.functional.avg_pool3d(mask, 2), mask.clone()


def changed(batch, seed=0, **settings):
    fine, coarse, mask = batch
    generator = torch.Generator().manual_seed(seed)
    return augment(fine, coarse=coarse, mask=mask, settings=replace(NEUTRAL, **settings), generator=generator)


def test_settings_of_no_change_change_nothing(batch):
    for before, after in zip(batch, changed(batch), strict=True):
        assert torch.allclose(before, after, atol=1e-5)


def test_a_probability_of_zero_leaves_every_change_out_but_the_mirrors(batch):
    for before, after in zip(
        batch, changed(batch, **vars(ALL_TRANSFORMS) | {"probability": 0, "mirror": 0}), strict=True
    ):
        assert torch.allclose(before, after, atol=1e-5)


def test_each_change_is_made_as_often_as_its_chance_says():
    scans = torch.full((200, 1, 4, 4, 4), 0.5)
    fine = changed((scans, scans[..., :2, :2, :2], scans), brightness=0.2, probability=0.3)[0]
    unchanged = (fine[:, 0, 1, 1, 1] - 0.5).abs() < 1e-6
    assert 1 - unchanged.float().mean().item() == pytest.approx(0.3, abs=0.1)


def test_a_certain_mirror_turns_every_axis_around(batch):
    for before, after in zip(batch, changed(batch, mirror=1), strict=True):
        assert torch.allclose(before.flip(2, 3, 4), after, atol=1e-5)


def test_a_mask_that_is_not_turned_keeps_every_voxel(batch):
    assert torch.equal(batch[2].flip(2, 3, 4), changed(batch, mirror=1)[2])


def test_a_scan_is_turned_about_all_axes_or_about_none():
    random = torch.Generator().manual_seed(0)
    scans = torch.rand(100, 1, 6, 6, 6, generator=random)
    rotated = changed((scans, scans[..., :3, :3, :3], scans), rotation_degrees=40, probability=0.3)[2]
    changed_scans = (rotated != scans).flatten(1).any(dim=1)
    assert changed_scans.float().mean().item() == pytest.approx(0.3, abs=0.1)


def test_scan_coarse_scan_and_mask_move_together(batch):
    fine, coarse, mask = changed(batch, seed=3, mirror=0.5, rotation_degrees=30, scale=[0.8, 1.2])
    assert torch.allclose(fine, mask, atol=1e-6)
    assert not torch.allclose(mask, batch[2], atol=0.1)
    assert (torch.nn.functional.avg_pool3d(fine, 2) - coarse).abs().mean() < 0.03


def test_a_moved_mask_says_which_part_of_a_voxel_is_lesion(batch):
    mask = changed(batch, seed=3, rotation_degrees=30)[2]
    assert ((mask > 0.05) & (mask < 0.95)).sum() > 100
    assert mask.sum() == pytest.approx(batch[2].sum().item(), rel=0.03)


def test_a_scale_above_one_makes_the_lesion_larger(batch):
    larger = changed(batch, scale=[1.26, 1.26])[2].sum() / batch[2].sum()
    assert larger == pytest.approx(2, rel=0.2)


def test_intensities_stay_within_the_window(batch):
    fine, coarse, _ = changed(batch, noise=0.5, brightness=0.5, contrast=[0.5, 2], gamma=[0.5, 2])
    assert fine.min() >= 0 and fine.max() <= 1 and coarse.min() >= 0 and coarse.max() <= 1


def test_blur_spreads_the_lesion_and_keeps_its_sum(batch):
    fine, coarse, mask = changed(batch, blur_voxels=1)
    assert fine.sum() == pytest.approx(batch[0].sum().item(), rel=0.05)
    assert 0 < fine[0, 0, 2, 7, 9] < 0.5 < fine[0, 0, 3, 7, 9] < 1
    assert torch.allclose(mask, batch[2], atol=1e-5) and not torch.allclose(coarse, batch[1], atol=0.1)


def test_low_resolution_takes_detail_away_and_keeps_the_level():
    random = torch.Generator().manual_seed(0)
    fine = 0.5 + 0.1 * torch.randn(2, 1, 16, 16, 16, generator=random)
    degraded = changed((fine, fine[..., :8, :8, :8], fine), low_resolution=0.3)[0]
    assert degraded.std() < 0.8 * fine.std() and degraded.mean() == pytest.approx(fine.mean().item(), abs=0.02)


def test_gamma_bends_the_middle_and_leaves_black_and_white():
    scan = torch.tensor([0.0, 0.25, 0.5, 1.0]).repeat(1, 1, 4, 4, 1)
    fine = changed((scan, scan[..., :2, :2, :2], scan), gamma=[2, 2])[0]
    assert torch.allclose(fine, scan**2, atol=1e-5)


def test_the_same_generator_state_gives_the_same_change(batch):
    first, repeated, other_seed = (changed(batch, seed, **vars(ALL_TRANSFORMS)) for seed in (1, 1, 2))
    assert all(map(torch.equal, first, repeated))
    assert not torch.equal(first[0], other_seed[0])
