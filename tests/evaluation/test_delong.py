"""AUC, DeLong's covariance, intervals and tests."""

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ichdag.evaluation.delong import auc_interval, estimate_aucs, paired_difference, unpaired_difference

# The 43 complete patients of DeLong, DeLong and Clarke-Pearson 1988: albumin, total protein, K-G score, popind.
OVARIAN = """
3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0  1.6 5.6 5 1  3.8 5.7 5 1
3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1  4.3 7.0 4 1  3.6 6.7 4 0  2.3 4.4 6 1  4.2 7.6 4 0
4.0 6.6 6 0  3.5 5.8 6 1  3.8 6.8 7 1  3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1  3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1
4.3 6.5 4 1  3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0  3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1  3.5 6.2 5 1
2.9 5.7 9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1  3.3 5.7 6 1  3.7 6.9 5 1  3.6 6.6 5 1
"""

# Thirty patients with many ties: label, two scores, sex.
TIED = """
0 0.1 0.2 F  0 0.3 0.2 M  1 0.8 0.7 M  1 0.3 0.6 M  0 0.3 0.1 M  0 0.6 0.6 F  0 0.7 0.7 F  0 0.6 0.3 F  0 0.1 0.3 F
0 0.5 0.6 F  0 0.6 0.4 M  0 0.3 0.2 F  1 1.0 0.8 F  0 0.2 0.2 M  1 0.4 0.5 M  0 0.5 0.5 M  0 0.4 0.3 M  1 0.5 0.7 M
0 0.6 0.3 M  1 0.7 0.8 F  0 0.1 0.0 F  1 0.3 0.4 M  0 0.5 0.6 M  1 0.7 0.8 M  0 0.4 0.2 M  1 0.3 0.4 F  0 0.5 0.3 M
1 0.5 0.6 F  0 0.0 0.0 M  1 0.6 0.8 F
"""
Z = 1.959963984540054


def kernel_covariance(y_true, scores):
    """DeLong et al. 1988 as written: all pairs, then the structural components."""
    kernels = []
    for row in scores:
        yes, no = row[y_true == 1][:, None], row[y_true == 0][None, :]
        kernels.append((yes > no) + 0.5 * (yes == no))
    above = np.array([kernel.mean(axis=1) for kernel in kernels])
    below = np.array([kernel.mean(axis=0) for kernel in kernels])
    covariance = np.cov(above) / above.shape[1] + np.cov(below) / below.shape[1]
    return np.array([kernel.mean() for kernel in kernels]), covariance


def tied_scores(seed, count=80, predictors=4):
    random = np.random.default_rng(seed)
    y_true = (random.random(count) < 0.35).astype(int)
    scores = y_true * 0.4 + random.random((predictors, count)) + random.normal(size=count) * 0.3
    return y_true, scores.round(1)


def ovarian():
    values = np.array(OVARIAN.split(), dtype=float).reshape(-1, 4)
    return values[:, 3], np.array([values[:, 0], 10 - values[:, 2], values[:, 1]])


def tied():
    cells = np.array(TIED.split()).reshape(-1, 4)
    return cells[:, 0].astype(int), cells[:, 1:3].astype(float).T, cells[:, 3]


@pytest.mark.parametrize("seed", range(5))
def test_midranks_give_what_all_pairs_give_with_ties(seed):
    y_true, scores = tied_scores(seed)
    result = estimate_aucs(y_true, scores=scores)
    auc, covariance = kernel_covariance(y_true, scores)
    np.testing.assert_allclose(result.auc, auc, atol=1e-12)
    np.testing.assert_allclose(result.covariance, covariance, atol=1e-12)
    np.testing.assert_allclose(result.auc, [roc_auc_score(y_true, row) for row in scores], atol=1e-12)


def test_the_published_example_of_three_correlated_curves_is_met():
    labels, scores = ovarian()
    result = estimate_aucs(labels, scores=scores)
    np.testing.assert_allclose(result.auc[[0, 2]], [0.7366, 0.6478], atol=5e-5)
    np.testing.assert_allclose(np.sqrt(np.diag(result.covariance))[[0, 2]], [0.0927, 0.1000], atol=5e-5)
    contrast = np.array([[1, -1, 0], [0, -1, 1]])
    gaps = contrast @ result.auc
    chi_square = gaps @ np.linalg.inv(contrast @ result.covariance @ contrast.T) @ gaps
    assert chi_square == pytest.approx(2.5340, abs=5e-5)


def test_auc_and_variance_of_four_patients_agree_with_the_hand():
    # Positives score 3 and 2, negatives 2 and 1: pairs 1, 1, 1/2, 1, so AUC 7/8.
    result = estimate_aucs(np.array([1, 1, 0, 0]), scores=np.array([3.0, 2.0, 2.0, 1.0]))
    # Components (1, 3/4) of the positives and (3/4, 1) of the negatives: each variance 1/32, over 2 patients 1/64.
    assert result.auc[0] == 7 / 8
    assert result.covariance[0, 0] == pytest.approx(1 / 32)


def test_the_interval_is_symmetric_on_the_logit_scale():
    y_true, scores = tied_scores(1)
    result = estimate_aucs(y_true, scores=scores[0])
    low, high, method = auc_interval(result, confidence=0.95)
    auc, error = result.auc[0], math.sqrt(result.covariance[0, 0])
    reach = 1.959963984540054 * error / (auc * (1 - auc))
    assert method == "delong"
    assert math.log(high / (1 - high)) == pytest.approx(math.log(auc / (1 - auc)) + reach, abs=1e-8)
    assert math.log(low / (1 - low)) == pytest.approx(math.log(auc / (1 - auc)) - reach, abs=1e-8)


@pytest.mark.parametrize(("scores", "auc"), [([1, 2, 3, 4, 5, 6], 1.0), ([6, 5, 4, 3, 2, 1], 0.0), ([1] * 6, 0.5)])
def test_a_degenerate_auc_gets_a_newcombe_interval_that_is_not_a_point(scores, auc):
    result = estimate_aucs(np.array([0, 0, 0, 1, 1, 1]), scores=np.array(scores, dtype=float))
    low, high, method = auc_interval(result, confidence=0.95)
    assert (result.auc[0], method) == (auc, "newcombe")
    assert 0 <= low <= auc <= high <= 1
    assert high - low > 0.3


def test_newcombe_limits_solve_their_equation():
    result = estimate_aucs(np.r_[np.zeros(8), np.ones(5)], scores=np.arange(13.0))
    low, high, _ = auc_interval(result, confidence=0.95)
    spread = 1 + (13 / 2 - 1) * ((1 - low) / (2 - low) + low / (1 + low))
    error = math.sqrt(low * (1 - low) * spread / 40)
    assert high == 1
    assert (1 - low) / error == pytest.approx(1.959963984540054, abs=1e-6)


def test_one_class_only_has_no_auc_and_no_interval():
    result = estimate_aucs(np.ones(4), scores=np.arange(4.0))
    assert math.isnan(result.auc[0])
    assert auc_interval(result, confidence=0.95)[2] == "none"


def test_a_single_positive_has_an_auc_and_a_newcombe_interval():
    result = estimate_aucs(np.array([0, 0, 1, 0]), scores=np.array([0.1, 0.5, 0.4, 0.2]))
    assert result.auc[0] == pytest.approx(2 / 3)
    assert auc_interval(result, confidence=0.95)[2] == "newcombe"


def test_the_paired_test_uses_the_covariance_of_the_two_curves():
    y_true, scores = tied_scores(2)
    auc, cov = kernel_covariance(y_true, scores)
    gap = paired_difference(estimate_aucs(y_true, scores=scores), first=0, second=1, confidence=0.95)
    error = math.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    assert gap.value == pytest.approx(auc[0] - auc[1], abs=1e-12)
    assert gap.p == pytest.approx(math.erfc(abs(auc[0] - auc[1]) / error / math.sqrt(2)), abs=1e-8)
    assert gap.high - gap.value == pytest.approx(1.959963984540054 * error, abs=1e-8)


def test_the_unpaired_test_adds_the_variances():
    (one, first), (other, second) = tied_scores(3), tied_scores(4)
    parts = [estimate_aucs(one, scores=first[0]), estimate_aucs(other, scores=second[0])]
    gap = unpaired_difference(*parts, confidence=0.95)
    error = math.sqrt(parts[0].covariance[0, 0] + parts[1].covariance[0, 0])
    assert gap.p == pytest.approx(math.erfc(abs(gap.value) / error / math.sqrt(2)), abs=1e-8)


def test_identical_predictions_have_no_p_and_the_note_says_why():
    y_true, scores = tied_scores(5)
    gap = paired_difference(estimate_aucs(y_true, scores=scores[[0, 0]]), first=0, second=1, confidence=0.95)
    assert gap.value == 0
    assert math.isnan(gap.p)
    assert "no variance" in gap.note


def test_the_interval_covers_the_true_auc_as_often_as_it_should():
    random = np.random.default_rng(11)
    truth = 0.7602499389  # P(X > Y) for normals one standard deviation apart: Phi(1 / sqrt 2)
    covered = 0
    for _ in range(600):
        y_true = np.r_[np.ones(25), np.zeros(45)]
        low, high, _ = auc_interval(estimate_aucs(y_true, scores=random.normal(size=70) + y_true), confidence=0.95)
        covered += low <= truth <= high
    assert 0.93 <= covered / 600 <= 0.975


def test_the_paired_test_is_wrong_as_often_as_it_should_be_under_the_null():
    random = np.random.default_rng(12)
    y_true = np.r_[np.ones(40), np.zeros(60)]
    rejected = 0
    for _ in range(600):
        scores = random.normal(size=(2, 100)) + random.normal(size=100) + y_true
        rejected += paired_difference(estimate_aucs(y_true, scores=scores), first=0, second=1, confidence=0.95).p < 0.05
    assert 0.03 <= rejected / 600 <= 0.075


# R 4.2.2 with pROC 1.18.0, printed with 15 digits: r = function(s) roc(y, s, levels=c(0, 1), direction="<"), then
# auc(r(s)), var(r(s)), ci.auc(r(s)) of every predictor of a data set.
PROC = {
    "ovarian": [
        (0.736559139784946, 0.00859224179008258, 0.554881559951744, 0.918236719618148),
        (0.725806451612903, 0.0105722832732458, 0.52427980117955, 0.927333102046257),
        (0.647849462365591, 0.0100094773611943, 0.451760209473705, 0.843938715257478),
    ],
    "tied": [
        (0.686602870813397, 0.0105535333185799, 0.485255003538504, 0.887950738088291),
        (0.897129186602871, 0.0029197795125773, 0.791222563754854, 1.0),
    ],
}
# cov(r(s), r(t)) and roc.test(r(s), r(t), method="delong", paired=TRUE): Z, p and limits.
PROC_PAIRED = [
    ("ovarian", 0, 1, 0.00503705981073307, 0.112778269044526, 0.910206347201035, -0.176117368734695, 0.197622745078781),
    ("ovarian", 0, 2, 0.00774452927646216, 1.59002925832072, 0.111828210120696, -0.0206391109203821, 0.198058465759092),
    ("ovarian", 1, 2, 0.00481929729133163, 0.745218389657993, 0.456139707507474, -0.127074037077776, 0.282988015572399),
    ("tied", 0, 1, 0.00411054641097451, -2.90492507543948, 0.00367341022820766, -0.35256922086607, -0.0684834107128776),
]
# roc.test(r(s[women]), r(s[men]), method="delong", paired=FALSE): both AUCs and variances, D, its p from Student's t.
PROC_UNPAIRED = [
    (0.7375, 0.613636363636364, 0.0211049107142857, 0.0247933884297521, 0.57815665587912, 0.567797986406836),
    (0.875, 0.931818181818182, 0.0100892857142857, 0.00322543617998164, -0.49240367130843, 0.627957176021431),
]


def data_of(name):
    return {"ovarian": ovarian, "tied": tied}[name]()[:2]


@pytest.mark.parametrize("name", PROC)
def test_aucs_variances_and_plain_limits_are_those_of_proc(name):
    labels, scores = data_of(name)
    result = estimate_aucs(labels, scores=scores)
    error = np.sqrt(np.diag(result.covariance))
    ours = np.column_stack([result.auc, error**2, result.auc - Z * error, np.minimum(1, result.auc + Z * error)])
    np.testing.assert_allclose(ours, PROC[name], atol=1e-8)


@pytest.mark.parametrize(("name", "first", "second", "covariance", "z", "p", "low", "high"), PROC_PAIRED)
def test_the_paired_test_is_that_of_proc(name, first, second, covariance, z, p, low, high):
    labels, scores = data_of(name)
    result = estimate_aucs(labels, scores=scores)
    gap = paired_difference(result, first=first, second=second, confidence=0.95)
    assert result.covariance[first, second] == pytest.approx(covariance, abs=1e-10)
    assert gap.value / ((gap.high - gap.value) / Z) == pytest.approx(z, abs=1e-8)
    assert (gap.p, gap.low, gap.high) == pytest.approx((p, low, high), abs=1e-8)


@pytest.mark.parametrize("score", [0, 1])
def test_the_unpaired_statistic_is_that_of_proc_and_its_p_is_normal_where_proc_takes_students(score):
    labels, scores, sex = tied()
    women, men = (estimate_aucs(labels[sex == one], scores=scores[score, sex == one]) for one in "FM")
    gap = unpaired_difference(women, men, confidence=0.95)
    first, second, *variances, statistic, p = PROC_UNPAIRED[score]
    assert (women.auc[0], men.auc[0]) == pytest.approx((first, second), abs=1e-8)
    assert (women.covariance[0, 0], men.covariance[0, 0]) == pytest.approx(variances, abs=1e-8)
    assert gap.value / ((gap.high - gap.value) / Z) == pytest.approx(statistic, abs=1e-8)
    assert p - 0.02 < gap.p < p


def test_degenerate_variances_are_those_of_proc_and_its_limits_of_no_width_are_not_ours():
    # pROC: var(r(1:6)) is 0 at AUC 1, var(r(rep(1, 6))) is 0 at AUC 1/2, with limits 1-1 and 0.5-0.5 and a warning.
    for scores, auc in ((np.arange(6.0), 1), (np.ones(6), 0.5)):
        result = estimate_aucs(np.array([0, 0, 0, 1, 1, 1]), scores=scores)
        low, high, method = auc_interval(result, confidence=0.95)
        assert (result.auc[0], result.covariance[0, 0], method) == (auc, 0, "newcombe")
        assert high - low > 0.3
    # With a single positive, auc(r(s)) is 2/3 and var(r(s)) is NA.
    single = estimate_aucs(np.array([0, 0, 1, 0]), scores=np.array([0.1, 0.5, 0.4, 0.2]))
    assert single.auc[0] == pytest.approx(2 / 3)
    assert math.isnan(single.covariance[0, 0])
