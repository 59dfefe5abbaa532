"""Tests over classifiers that share their patients: the null distribution drawn by patient."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ichdag.constants import CLASSIFIERS, FEATURE_SETS
from ichdag.evaluation.delong import estimate_aucs, paired_difference
from ichdag.statistics.dependence import draw_null, friedman_statistics

MODELS = {"classifiers": list(CLASSIFIERS), "features": list(FEATURE_SETS)}
STUDIES, PATIENTS = 60, 60


def predicted(labels, scores, *, fold="external", subjects=None):
    """Rows of schema predictions from scores (classifiers, feature sets, patients)."""
    subjects = subjects or [f"s{number:03d}" for number in range(len(labels))]
    people = {"cohort": "trial", "subject": subjects, "outcome": "death", "fold": fold, "y_true": labels}
    models = product(enumerate(CLASSIFIERS), enumerate(FEATURE_SETS))
    return pd.concat(
        [
            pd.DataFrame(people | {"classifier": classifier, "features": features, "probability": scores[place, other]})
            for (place, classifier), (other, features) in models
        ],
        ignore_index=True,
    )


def drawn_study(random, *, shared):
    """Labels and scores of noise: `shared` of their variance is the feature set's, the rest the classifier's own."""
    labels = (random.random(PATIENTS) < 0.4).astype(int)
    common = random.standard_normal((1, len(FEATURE_SETS), PATIENTS))
    own = random.standard_normal((len(CLASSIFIERS), len(FEATURE_SETS), PATIENTS))
    return labels, stats.norm.cdf(shared**0.5 * common + (1 - shared) ** 0.5 * own)


def test_friedmans_statistic_of_many_tables_is_scipys_with_and_without_ties():
    random = np.random.default_rng(0)
    for values in (random.random((20, 6, 7)), random.integers(0, 4, (20, 6, 7)) / 4):
        expected = [stats.friedmanchisquare(*table.T).statistic for table in values]
        np.testing.assert_allclose(friedman_statistics(values), expected, atol=1e-9)
    assert friedman_statistics(np.ones((1, 6, 7))).tolist() == [0]


@pytest.fixture(scope="module")
def external():
    """Labels, scores and draws of one external cohort."""
    labels, scores = drawn_study(np.random.default_rng(2), shared=0.5)
    return labels, scores, draw_null(predicted(labels, scores), **MODELS, draws=20000, seed=3)


def test_the_draws_have_delongs_covariance_in_an_external_cohort(external):
    labels, scores, null = external
    flat = null.deviations.reshape(20000, -1)
    expected = estimate_aucs(labels, scores=scores.reshape(42, -1)).covariance
    # 20,000 draws know a variance to 1 %, and a covariance to that part of the variances.
    assert np.abs(flat.T @ flat / 20000 - expected).max() < 0.05 * expected.max()


def test_the_p_of_a_pair_is_delongs_for_one_classifier(external):
    labels, scores, _ = external
    rows = predicted(labels, scores)
    null = draw_null(rows, classifiers=["svm"], features=["radiomics", "shape"], draws=20000, seed=3)
    result = estimate_aucs(labels, scores=scores[CLASSIFIERS.index("svm"), :2])
    gap = paired_difference(result, first=0, second=1, confidence=0.95)
    assert null.p_pair("radiomics", "shape", gap.value) == pytest.approx(gap.p, abs=0.015)
    assert null.p_pair("radiomics", "shape", gap.high - gap.value) == pytest.approx(0.05, abs=0.006)


def test_the_draws_of_a_cross_validation_have_the_variance_of_the_mean_over_folds_widened():
    random = np.random.default_rng(4)
    parts, expected = [], 0
    for fold in range(4):
        labels, scores = drawn_study(random, shared=0.5)
        parts.append(predicted(labels, scores, fold=str(fold), subjects=[f"{fold}-{n}" for n in range(PATIENTS)]))
        expected = expected + estimate_aucs(labels, scores=scores.reshape(42, -1)).covariance / 16
    flat = draw_null(pd.concat(parts), **MODELS, draws=20000, seed=3).deviations.reshape(20000, -1)
    # Four folds of equal size: 1 + 4 / 3.
    result = (flat**2).mean()
    assert result == pytest.approx(np.diag(expected).mean() * (1 + 4 / 3), rel=0.06)


def test_a_fold_that_lacks_a_class_changes_nothing_and_one_of_a_single_event_counts():
    labels, scores = drawn_study(np.random.default_rng(5), shared=0.5)
    whole = predicted(labels, scores)
    blank = predicted(labels * 0, scores, fold="1", subjects=[f"z{number}" for number in range(PATIENTS)])
    assert not draw_null(blank, **MODELS, draws=5, seed=1).deviations.any()
    both = pd.concat([whole.assign(fold="0"), blank])
    one, other = (draw_null(rows, **MODELS, draws=4000, seed=1).deviations.std() for rows in (whole, both))
    assert other == pytest.approx(one * (1 + 2) ** 0.5, rel=0.03)  # two folds of equal size: 1 + 2 x 1
    single = np.zeros(PATIENTS, dtype=int)
    single[0] = 1
    alone = [predicted(single, scores[..., ::step], fold=fold, subjects=[f"{fold}-{n}" for n in range(PATIENTS)])
             for fold, step in (("0", 1), ("1", -1))]  # fmt: skip
    drawn = draw_null(pd.concat(alone), **MODELS, draws=4000, seed=1).deviations
    places = scores.argsort(axis=2).argsort(axis=2)[..., [0, -1]] / (PATIENTS - 1)  # AUCs of folds of one event
    # The two events alone vary by this much about their mean; the others, without the event, add a little.
    assert (drawn.var(axis=0) > 0.9 * 3 * places.var(axis=2, ddof=1) / 2).all()


def test_a_repeat_of_the_same_predictions_tells_nothing_new():
    random = np.random.default_rng(6)
    halves = [predicted(*drawn_study(random, shared=0.5), fold=fold, subjects=[f"{fold}{n}" for n in range(PATIENTS)])
              for fold in "01"]  # fmt: skip
    once = pd.concat(halves)
    again = pd.concat([once, *[half.assign(fold=str(2 + place)) for place, half in enumerate(halves)]])
    one, other = (draw_null(rows, **MODELS, draws=50, seed=1).deviations for rows in (once, again))
    np.testing.assert_allclose(one, other, atol=0.02 * one.std())


@pytest.mark.parametrize("shared", [0.0, 0.8])
def test_where_no_feature_set_is_better_the_p_by_patient_is_below_alpha_as_seldom_as_it_says(shared):
    """By chi-square, classifiers that share what a feature set gets wrong find a difference in half of the studies."""
    random = np.random.default_rng(7)
    plain, held, size = [], [], []
    for _ in range(STUDIES):
        labels, scores = drawn_study(random, shared=shared)
        values = estimate_aucs(labels, scores=scores.reshape(42, -1)).auc.reshape(6, 7)
        null = draw_null(predicted(labels, scores), **MODELS, draws=150, seed=1)
        plain.append(stats.friedmanchisquare(*values.T).pvalue < 0.05)
        held.append(null.p_all_equal(values) < 0.05)
        size.append(null.friedman_size(0.05))
    assert np.sum(held) <= stats.binom.ppf(0.999, STUDIES, 0.05)
    assert np.mean(plain) > 0.4 if shared else np.mean(plain) < 0.15
    assert np.mean(size) == pytest.approx(np.mean(plain), abs=0.15)


def test_a_feature_set_that_is_better_is_found():
    labels, scores = drawn_study(np.random.default_rng(8), shared=0.3)
    scores[:, 6] += 0.6 * labels
    null = draw_null(predicted(labels, scores), **MODELS, draws=400, seed=1)
    values = estimate_aucs(labels, scores=scores.reshape(42, -1)).auc.reshape(6, 7)
    assert null.p_all_equal(values) == 1 / 401
    gaps = values[:, 6] - values[:, 0]
    assert null.p_pair(MODELS["features"][6], MODELS["features"][0], gaps.mean()) == 1 / 401
