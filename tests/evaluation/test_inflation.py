"""What the variance of a cross-validated AUC is multiplied by: exact values by hand, and whether intervals hold."""

import math

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import binom

from ichdag.evaluation import inflation
from ichdag.evaluation.delong import auc_interval, estimate_aucs

HAPPENED = np.arange(100) < 40


def placements(y_true, scores):
    """DeLong et al. 1988 as written, all pairs: the structural components of both classes."""
    pairs = scores[y_true][:, None] - scores[~y_true][None, :]
    wins = (pairs > 0) + 0.5 * (pairs == 0)
    return wins.mean(axis=1), wins.mean(axis=0)


def covariance(y_true, one, other):
    return sum(
        np.cov(a, b)[0, 1] / len(a) for a, b in zip(placements(y_true, one), placements(y_true, other), strict=True)
    )


def divided(random, repeats, count=100, folds=5):
    return np.stack([random.permutation(np.arange(count) % folds) for _ in range(repeats)])


def fractions_of_training_shared(folds):
    """By sets, one participant and one pair of repeats at a time."""
    result = []
    for place in range(folds.shape[1]):
        trained = [set(np.flatnonzero(row != row[place])) for row in folds]
        for one in range(len(folds)):
            for other in range(one):
                both = len(trained[one] & trained[other])
                result.append(both / math.sqrt(len(trained[one]) * len(trained[other])))
    return np.mean(result)


@pytest.mark.parametrize(("repeats", "folds"), [(2, 5), (3, 5), (2, 2), (4, 7)])
def test_the_shared_part_of_training_is_that_of_counting_sets(repeats, folds):
    drawn = divided(np.random.default_rng(repeats), repeats, folds=folds)
    assert inflation.shared_training_fraction(drawn) == pytest.approx(fractions_of_training_shared(drawn), abs=1e-12)


def test_independent_divisions_into_five_share_four_fifths():
    drawn = divided(np.random.default_rng(1), 6, count=2000)
    assert inflation.shared_training_fraction(drawn) == pytest.approx(0.8, abs=1e-3)


def test_scores_that_are_the_same_in_other_folds_owe_nothing_to_chance():
    random = np.random.default_rng(2)
    scores = np.tile(HAPPENED + random.normal(size=100), (2, 1))
    assert inflation.of_repeated_cv(HAPPENED, scores=scores, folds=divided(random, 2)) == 1


def test_scores_that_have_nothing_in_common_are_all_chance_and_count_twice():
    random = np.random.default_rng(3)
    scores = HAPPENED + random.normal(size=(2, 100))
    assert inflation.of_repeated_cv(HAPPENED, scores=scores, folds=divided(random, 2)) == pytest.approx(2, abs=1e-12)


def by_hand(own, between, shared, repeats, of_fits=None):
    """The factor for five folds from a variance, the covariance of repeats and the shared part of their training."""
    kept = shared + (1 - shared) / repeats  # of what one repeat learned by chance, in the mean of all
    parts = []
    for one in (own, between), of_fits or (own, between):
        chance = min(1, max(0, (one[0] - one[1]) / (1 - shared) / one[0]))
        parts.append(kept * chance / (kept * chance + 1 - chance))
    part, fits = parts
    return (1 - part) * (1 + fits) ** 2 + 2 * part * (1 - 3 / 8 * (1 - fits)) ** 2


@pytest.mark.parametrize("repeats", [2, 4])
def test_the_factor_of_an_auc_is_that_of_all_pairs_of_participants(repeats):
    random = np.random.default_rng(4)
    scores = HAPPENED + random.normal(size=100) + 0.3 * random.normal(size=(repeats, 100))
    folds = divided(random, repeats)
    table = np.array([[covariance(HAPPENED, one, other) for other in scores] for one in scores])
    own, between = np.diag(table).mean(), table[np.triu_indices(repeats, 1)].mean()
    factor = by_hand(own, between, fractions_of_training_shared(folds), repeats)
    assert 1.2 < factor < 1.9
    assert inflation.of_repeated_cv(HAPPENED, scores=scores, folds=folds) == pytest.approx(factor, abs=1e-10)


def test_the_factor_of_a_difference_is_that_of_all_pairs_of_participants():
    random = np.random.default_rng(5)
    sets = [HAPPENED + random.normal(size=100) + 0.2 * random.normal(size=(2, 100)) for _ in range(2)]
    folds = divided(random, 2)
    a, b = sets

    def of_gaps(i, j):
        pairs = ((a, a, 1), (b, b, 1), (a, b, -1), (b, a, -1))
        return sum(sign * covariance(HAPPENED, one[i], other[j]) for one, other, sign in pairs)

    own, between = (of_gaps(0, 0) + of_gaps(1, 1)) / 2, (of_gaps(0, 1) + of_gaps(1, 0)) / 2
    shared = fractions_of_training_shared(folds)
    chance = []
    for one in sets:
        variance = (covariance(HAPPENED, one[0], one[0]) + covariance(HAPPENED, one[1], one[1])) / 2
        chance.append((variance - covariance(HAPPENED, one[0], one[1])) / variance)
    fits = (1.0, 1 - np.mean(chance))
    factor = by_hand(own, between, shared, 2, of_fits=fits)
    result = inflation.of_difference(HAPPENED, first=a, second=b, folds=folds)
    assert 1.1 < factor < 1.9 and result == pytest.approx(factor, abs=1e-10)


def test_one_cross_validation_and_repeats_of_the_same_folds_keep_the_upper_bound():
    random = np.random.default_rng(6)
    scores = HAPPENED + random.normal(size=(2, 100))
    folds = np.tile(divided(random, 1), (2, 1))
    assert inflation.of_single_cv(folds[0]) == pytest.approx(1 + 5 * 20 / 80)
    assert inflation.of_repeated_cv(HAPPENED, scores=scores, folds=folds) == pytest.approx(2.25)
    assert inflation.of_difference(HAPPENED, first=scores, second=scores, folds=folds) == pytest.approx(2.25)
    assert inflation.of_repeated_cv(HAPPENED, scores=1.0 * np.tile(HAPPENED, (2, 1)), folds=divided(random, 2)) == 2.25


def twice(random, distance, count=80, columns=6):
    """Scores of two cross-validations of Fisher's linear discriminant, folds, and the true AUC of the fits."""
    y_true = np.arange(count) < count / 2
    features = random.normal(size=(count, columns))
    features[y_true, 0] += distance
    folds = np.stack([random.permutation(np.arange(count) // 2 % 5) for _ in range(2)])
    scores, truth = np.empty((2, count)), []
    for repeat, row in enumerate(folds):
        for fold in range(5):
            yes, no = (features[(row != fold) & one] for one in (y_true, ~y_true))
            direction = np.linalg.solve(np.cov(yes.T) + np.cov(no.T), yes.mean(axis=0) - no.mean(axis=0))
            scores[repeat, row == fold] = (features[row == fold] - (yes.mean(axis=0) + no.mean(axis=0)) / 2) @ direction
            truth.append(ndtr(direction[0] * distance / math.sqrt(2 * direction @ direction)))
    return y_true, scores, folds, np.mean(truth)


@pytest.mark.parametrize("distance", [0, 1.3])
def test_intervals_with_the_estimated_factor_hold_the_auc_of_the_recipe_as_often_as_they_claim(distance):
    random = np.random.default_rng(7)
    drawn, replicates = [], 250
    for _ in range(replicates):
        y_true, scores, folds, truth = twice(random, distance)
        result = estimate_aucs(y_true, scores=scores.mean(axis=0))
        factor = inflation.of_repeated_cv(y_true, scores=scores, folds=folds)
        drawn.append((truth, *auc_interval(result.inflated(factor), confidence=0.95)[:2], factor))
    truth, low, high, factor = np.array(drawn).T
    held = ((low <= truth.mean()) & (truth.mean() <= high)).sum()
    assert binom.ppf(1e-4, replicates, 0.93) <= held <= binom.ppf(1 - 1e-4, replicates, 0.97)
    # Without a signal the factor is 2; with one it is nearer to 1 than the upper bound of 2.25.
    assert abs(factor.mean() - 2) < 0.1 if distance == 0 else 1.1 < factor.mean() < 1.8
