"""AUC, DeLong's covariance, intervals and tests."""

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ichdag.evaluation.delong import areas, auc_interval, paired_difference, unpaired_difference

# The 43 complete patients of DeLong, DeLong and Clarke-Pearson 1988: albumin, total protein, K-G score, popind.
OVARIAN = """
3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0  1.6 5.6 5 1  3.8 5.7 5 1
3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1  4.3 7.0 4 1  3.6 6.7 4 0  2.3 4.4 6 1  4.2 7.6 4 0
4.0 6.6 6 0  3.5 5.8 6 1  3.8 6.8 7 1  3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1  3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1
4.3 6.5 4 1  3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0  3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1  3.5 6.2 5 1
2.9 5.7 9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1  3.3 5.7 6 1  3.7 6.9 5 1  3.6 6.6 5 1
"""


def kernel_covariance(happened, scores):
    """DeLong et al. 1988 as written: all pairs, then the structural components."""
    kernels = []
    for row in scores:
        yes, no = row[happened == 1][:, None], row[happened == 0][None, :]
        kernels.append((yes > no) + 0.5 * (yes == no))
    above = np.array([kernel.mean(axis=1) for kernel in kernels])
    below = np.array([kernel.mean(axis=0) for kernel in kernels])
    covariance = np.cov(above) / above.shape[1] + np.cov(below) / below.shape[1]
    return np.array([kernel.mean() for kernel in kernels]), covariance


def tied_scores(seed, count=80, predictors=4):
    random = np.random.default_rng(seed)
    happened = (random.random(count) < 0.35).astype(int)
    scores = happened * 0.4 + random.random((predictors, count)) + random.normal(size=count) * 0.3
    return happened, scores.round(1)


@pytest.mark.parametrize("seed", range(5))
def test_midranks_give_what_all_pairs_give_with_ties(seed):
    happened, scores = tied_scores(seed)
    found = areas(happened, scores=scores)
    auc, covariance = kernel_covariance(happened, scores)
    np.testing.assert_allclose(found.auc, auc, atol=1e-12)
    np.testing.assert_allclose(found.covariance, covariance, atol=1e-12)
    np.testing.assert_allclose(found.auc, [roc_auc_score(happened, row) for row in scores], atol=1e-12)


def test_the_published_example_of_three_correlated_curves_is_met():
    values = np.array(OVARIAN.split(), dtype=float).reshape(-1, 4)
    scores = np.array([values[:, 0], 10 - values[:, 2], values[:, 1]])
    found = areas(values[:, 3], scores=scores)
    np.testing.assert_allclose(found.auc[[0, 2]], [0.7366, 0.6478], atol=5e-5)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance))[[0, 2]], [0.0927, 0.1000], atol=5e-5)
    contrast = np.array([[1, -1, 0], [0, -1, 1]])
    gaps = contrast @ found.auc
    chi_square = gaps @ np.linalg.inv(contrast @ found.covariance @ contrast.T) @ gaps
    assert chi_square == pytest.approx(2.5340, abs=5e-5)


def test_auc_and_variance_of_four_patients_agree_with_the_hand():
    # Positives score 3 and 2, negatives 2 and 1: pairs 1, 1, 1/2, 1, so AUC 7/8.
    found = areas(np.array([1, 1, 0, 0]), scores=np.array([3.0, 2.0, 2.0, 1.0]))
    # Components (1, 3/4) of the positives and (3/4, 1) of the negatives: each variance 1/32, over 2 patients 1/64.
    assert found.auc[0] == 7 / 8
    assert found.covariance[0, 0] == pytest.approx(1 / 32)


def test_the_interval_is_symmetric_on_the_logit_scale():
    happened, scores = tied_scores(1)
    found = areas(happened, scores=scores[0])
    low, high, method = auc_interval(found, confidence=0.95)
    auc, error = found.auc[0], math.sqrt(found.covariance[0, 0])
    reach = 1.959963984540054 * error / (auc * (1 - auc))
    assert method == "delong"
    assert math.log(high / (1 - high)) == pytest.approx(math.log(auc / (1 - auc)) + reach, abs=1e-8)
    assert math.log(low / (1 - low)) == pytest.approx(math.log(auc / (1 - auc)) - reach, abs=1e-8)


@pytest.mark.parametrize(("scores", "auc"), [([1, 2, 3, 4, 5, 6], 1.0), ([6, 5, 4, 3, 2, 1], 0.0), ([1] * 6, 0.5)])
def test_a_degenerate_auc_gets_a_newcombe_interval_that_is_not_a_point(scores, auc):
    found = areas(np.array([0, 0, 0, 1, 1, 1]), scores=np.array(scores, dtype=float))
    low, high, method = auc_interval(found, confidence=0.95)
    assert (found.auc[0], method) == (auc, "newcombe")
    assert 0 <= low <= auc <= high <= 1
    assert high - low > 0.3


def test_newcombe_limits_solve_their_equation():
    found = areas(np.r_[np.zeros(8), np.ones(5)], scores=np.arange(13.0))
    low, high, _ = auc_interval(found, confidence=0.95)
    spread = 1 + (13 / 2 - 1) * ((1 - low) / (2 - low) + low / (1 + low))
    error = math.sqrt(low * (1 - low) * spread / 40)
    assert high == 1
    assert (1 - low) / error == pytest.approx(1.959963984540054, abs=1e-6)


def test_one_class_only_has_no_auc_and_no_interval():
    found = areas(np.ones(4), scores=np.arange(4.0))
    assert math.isnan(found.auc[0])
    assert auc_interval(found, confidence=0.95)[2] == "none"


def test_a_single_positive_has_an_auc_and_a_newcombe_interval():
    found = areas(np.array([0, 0, 1, 0]), scores=np.array([0.1, 0.5, 0.4, 0.2]))
    assert found.auc[0] == pytest.approx(2 / 3)
    assert auc_interval(found, confidence=0.95)[2] == "newcombe"


def test_the_paired_test_uses_the_covariance_of_the_two_curves():
    happened, scores = tied_scores(2)
    auc, cov = kernel_covariance(happened, scores)
    gap = paired_difference(areas(happened, scores=scores), first=0, second=1, confidence=0.95)
    error = math.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    assert gap.value == pytest.approx(auc[0] - auc[1], abs=1e-12)
    assert gap.p == pytest.approx(math.erfc(abs(auc[0] - auc[1]) / error / math.sqrt(2)), abs=1e-8)
    assert gap.high - gap.value == pytest.approx(1.959963984540054 * error, abs=1e-8)


def test_the_unpaired_test_adds_the_variances():
    (one, first), (other, second) = tied_scores(3), tied_scores(4)
    parts = [areas(one, scores=first[0]), areas(other, scores=second[0])]
    gap = unpaired_difference(*parts, confidence=0.95)
    error = math.sqrt(parts[0].covariance[0, 0] + parts[1].covariance[0, 0])
    assert gap.p == pytest.approx(math.erfc(abs(gap.value) / error / math.sqrt(2)), abs=1e-8)


def test_identical_predictions_have_no_p_and_the_note_says_why():
    happened, scores = tied_scores(5)
    gap = paired_difference(areas(happened, scores=scores[[0, 0]]), first=0, second=1, confidence=0.95)
    assert gap.value == 0
    assert math.isnan(gap.p)
    assert "no variance" in gap.note


def test_the_interval_covers_the_true_auc_as_often_as_it_should():
    random = np.random.default_rng(11)
    truth = 0.7602499389  # P(X > Y) for normals one standard deviation apart: Phi(1 / sqrt 2)
    covered = 0
    for _ in range(600):
        happened = np.r_[np.ones(25), np.zeros(45)]
        low, high, _ = auc_interval(areas(happened, scores=random.normal(size=70) + happened), confidence=0.95)
        covered += low <= truth <= high
    assert 0.93 <= covered / 600 <= 0.975


def test_the_paired_test_is_wrong_as_often_as_it_should_be_under_the_null():
    random = np.random.default_rng(12)
    happened = np.r_[np.ones(40), np.zeros(60)]
    rejected = 0
    for _ in range(600):
        scores = random.normal(size=(2, 100)) + random.normal(size=100) + happened
        rejected += paired_difference(areas(happened, scores=scores), first=0, second=1, confidence=0.95).p < 0.05
    assert 0.03 <= rejected / 600 <= 0.075
