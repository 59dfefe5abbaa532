"""Wilcoxon's test of few differences: exact with ties, zeros dropped, and the smallest p there is by brute force."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import rankdata, wilcoxon

from ichdag.signed_rank import drop_zeros, smallest_reachable_p, wilcoxon_method


@pytest.mark.parametrize("gaps", [[1, 2, 3], [1, 1, 2, -3], [0, 0, 1, 2, 2], [0, 0], [3.0], [1, -1, 1, -1, 0, 2]])
def test_p_and_the_smallest_p_are_those_of_all_flips_of_signs(gaps):
    gaps = np.array(gaps, dtype=float)
    left = drop_zeros(gaps)
    ranks = rankdata(np.abs(left))
    sums = np.array([np.dot(signs, ranks) for signs in product((-1, 1), repeat=len(left))])
    assert smallest_reachable_p(gaps) == (np.abs(sums) >= ranks.sum() - 1e-9).mean()
    if len(left):
        seen = abs(np.dot(np.sign(left), ranks))
        result = wilcoxon(left, method=wilcoxon_method(left))
        assert result.pvalue == pytest.approx((np.abs(sums) >= seen - 1e-9).mean())


def test_many_tied_differences_are_tested_by_the_normal_approximation():
    gaps = np.r_[np.ones(10), -np.ones(8), 2 * np.ones(4)]
    expected = wilcoxon(gaps, method="asymptotic").pvalue
    assert wilcoxon(gaps, method=wilcoxon_method(gaps)).pvalue == expected
