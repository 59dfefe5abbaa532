"""The Dice coefficient."""

import math

import numpy as np
import pytest

from ichdag.overlap import dice_coefficient, dice_of_volumes


def test_dice_is_twice_the_overlap_of_the_sum_of_both():
    mask, manual = np.zeros((2, 4, 4, 4), dtype=bool)
    mask[0] = True
    manual[:2, :2] = True
    assert dice_coefficient(mask, manual=manual) == pytest.approx(2 * 8 / (16 + 16))
    assert dice_coefficient(mask, manual=mask) == 1
    assert dice_of_volumes(1.5, total=6.0) == 0.5


def test_dice_of_two_empty_masks_is_what_the_caller_says():
    empty = np.zeros((2, 2, 2), dtype=bool)
    assert math.isnan(dice_coefficient(empty, manual=empty))
    assert dice_coefficient(empty, manual=empty, empty=0.0) == 0.0
    assert dice_coefficient(empty, manual=~empty) == 0.0
