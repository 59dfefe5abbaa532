"""Dice + cross-entropy at several levels."""

import pytest
import torch

from ichdag.segmentation.deep_supervision_loss import DeepSupervisionLoss


@pytest.fixture
def mask():
    mask = torch.zeros(1, 1, 8, 8, 8)
    mask[..., :4, :4, :4] = 1
    return mask


def sure(mask):
    return (mask * 2 - 1) * 20


def test_a_perfect_answer_costs_nothing_at_any_level(mask):
    half = torch.nn.functional.avg_pool3d(mask, 2)
    assert DeepSupervisionLoss(1.0)([sure(mask), sure(half)], mask).item() == pytest.approx(0, abs=1e-3)


def test_each_level_weighs_half_of_the_one_above(mask):
    half = torch.nn.functional.avg_pool3d(mask, 2)
    loss = DeepSupervisionLoss(1.0)
    top, bottom = loss([sure(1 - mask), sure(half)], mask), loss([sure(mask), sure(1 - half)], mask)
    assert top.item() == pytest.approx(2 * bottom.item(), rel=0.02)


def test_the_loss_is_dice_plus_cross_entropy(mask):
    logits = torch.zeros_like(mask)
    dice = 1 - 2 * 0.5 * mask.sum() / (0.25 * mask.numel() + mask.sum())
    assert DeepSupervisionLoss(1.0)([logits], mask).item() == pytest.approx(dice.item() + 0.6931, abs=1e-3)


def test_a_missed_lesion_voxel_costs_its_weight(mask):
    missed = [sure(torch.zeros_like(mask))]
    once, thrice = (DeepSupervisionLoss(weight)(missed, mask).item() for weight in (1.0, 3.0))
    assert thrice - once == pytest.approx(2 * 20 * mask.mean().item(), rel=0.01)


def test_three_levels_weigh_four_sevenths_two_and_one(mask):
    levels = [mask, torch.nn.functional.avg_pool3d(mask, 2), torch.nn.functional.avg_pool3d(mask, 4)]
    wrong = [
        DeepSupervisionLoss(1.0)([sure(1 - level if n == spoiled else level) for n, level in enumerate(levels)], mask)
        for spoiled in range(3)
    ]
    all_levels = DeepSupervisionLoss(1.0)([sure(1 - mask)], mask)
    assert [(loss / all_levels).item() for loss in wrong] == pytest.approx([4 / 7, 2 / 7, 1 / 7], rel=0.03)


def test_the_target_of_a_voxel_is_the_part_of_it_that_is_lesion(mask):
    target, probability = 0.3 * mask, torch.full_like(mask, 0.5)
    dice = 1 - 2 * (probability * target).sum() / ((probability**2).sum() + (target**2).sum())
    loss = DeepSupervisionLoss(1.0)([torch.zeros_like(mask)], target)
    assert loss.item() == pytest.approx(dice.item() + 0.6931, abs=1e-3)


def test_a_fraction_is_met_best_by_itself(mask):
    target = 0.3 * mask + 0.05 * (1 - mask)
    losses = {
        shift: DeepSupervisionLoss(1.0)([torch.logit((target + shift).clamp(0.01, 0.99))], target).item()
        for shift in (-0.04, 0.0, 0.04)
    }
    assert losses[0.0] < min(losses[-0.04], losses[0.04])
