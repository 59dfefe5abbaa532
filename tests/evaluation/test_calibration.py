"""Recalibration, calibration bins and decision curves."""

import math
import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.proportion import proportion_confint

from ichdag.evaluation import best_models, measure_calibration, measure_net_benefit, measure_performance
from ichdag.evaluation.recalibration import recalibrate


def overconfident(seed=0, count=300):
    random = np.random.default_rng(seed)
    logit = random.normal(size=count) * 1.5
    y_true = random.random(count) < 1 / (1 + np.exp(-(0.5 * logit - 0.3)))
    return y_true.astype(int), 1 / (1 + np.exp(-logit))


def test_slope_and_intercept_agree_with_statsmodels():
    y_true, probability = overconfident()
    result = recalibrate(y_true, probability=probability, smallest=1e-6)
    logit = np.log(probability / (1 - probability))
    joint = sm.Logit(y_true, sm.add_constant(logit)).fit(disp=0, tol=1e-12)
    assert (result.intercept, result.slope) == pytest.approx(tuple(joint.params), abs=1e-8)
    assert (result.intercept_error, result.slope_error) == pytest.approx(tuple(joint.bse), abs=1e-8)
    large = sm.GLM(y_true, np.ones_like(logit), family=sm.families.Binomial(), offset=logit).fit(tol=1e-12)
    assert result.in_the_large == pytest.approx(large.params[0], abs=1e-8)
    assert result.in_the_large_error == pytest.approx(large.bse[0], abs=1e-8)


def test_probabilities_of_zero_and_one_are_cut_before_their_logit():
    y_true = np.array([0, 1, 0, 1, 1, 0])
    cut = recalibrate(y_true, probability=np.array([0, 0.01, 0.4, 0.6, 1, 0.99]), smallest=0.01)
    same = recalibrate(y_true, probability=np.array([0.01, 0.01, 0.4, 0.6, 0.99, 0.99]), smallest=0.001)
    assert cut == same
    assert math.isfinite(cut.slope)


@pytest.mark.parametrize(
    ("y_true", "probability", "note"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], "separates"),
        ([0, 0, 1, 1], [0.1, 0.3, 0.3, 0.4], "separates"),
        ([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4], "separates"),
        ([0, 1, 0, 1], [0.4, 0.4, 0.4, 0.4], "one probability"),
        ([1, 1, 1, 1], [0.1, 0.2, 0.3, 0.4], "one class"),
    ],
)
def test_where_the_likelihood_has_no_maximum_nothing_is_returned_but_the_reason(y_true, probability, note):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = recalibrate(np.array(y_true), probability=np.array(probability), smallest=0.001)
    assert math.isnan(result.slope)
    assert note in result.note


def test_calibration_in_the_large_is_known_where_the_slope_is_not():
    # One probability of 0.4, half of them happened: the logit must rise by logit(0.5) - logit(0.4).
    result = recalibrate(np.array([0, 1, 0, 1]), probability=np.full(4, 0.4), smallest=0.001)
    assert result.in_the_large == pytest.approx(math.log(0.6 / 0.4), abs=1e-8)


def test_calibration_bins_hold_everybody_with_equal_probabilities_together(predictions, settings):
    table = measure_calibration(predictions, calibration_bins=5, confidence=0.95)
    rows = table[(table.fold == "pooled") & (table.features == "shape")]
    own = predictions[(predictions.fold != "external") & (predictions.features == "shape")]
    assert rows.n.sum() == 100
    assert rows.bin.tolist() == list(range(len(rows)))
    assert (rows.n * rows.observed).sum() == pytest.approx(own.y_true.sum())
    assert (rows.n * rows.predicted).sum() == pytest.approx(own.probability.sum())
    edges = own.probability.sort_values().to_numpy()[rows.n.cumsum().to_numpy()[:-1]]
    for place, edge in enumerate(edges):
        inside = (
            own.probability < edge if place == 0 else (own.probability < edge) & (own.probability >= edges[place - 1])
        )
        assert inside.sum() == rows.n.iloc[place]
    low, high = proportion_confint((rows.n * rows.observed).round(), rows.n, method="wilson")
    np.testing.assert_allclose(rows[["low", "high"]], np.column_stack([low, high]), atol=1e-8)


def test_net_benefit_agrees_with_the_hand(predictions, settings):
    table = measure_net_benefit(predictions, decision_thresholds=[0.1, 0.9, 0.1])
    row = table[(table.fold == "external") & (table.features == "shape") & (table.threshold == 0.3)].iloc[0]
    own = predictions[(predictions.fold == "external") & (predictions.features == "shape")]
    called = own.probability >= 0.3
    hits, alarms = (called & (own.y_true == 1)).sum(), (called & (own.y_true == 0)).sum()
    assert row.net_benefit == pytest.approx((hits - alarms * 3 / 7) / 60, abs=1e-12)
    share = own.y_true.mean()
    assert row.treat_all == pytest.approx(share - (1 - share) * 3 / 7, abs=1e-12)


def test_the_best_model_is_chosen_without_the_external_cohort(predictions, settings):
    metrics = measure_performance(predictions, settings=settings, seed=1)
    pooled = metrics[(metrics.metric == "auc") & (metrics.fold == "pooled")].set_index("features").value
    outside = (metrics.metric == "auc") & (metrics.fold == "external")
    metrics.loc[outside, "value"] = np.where(metrics.loc[outside, "features"] == pooled.idxmax(), 0.0, 1.0)
    assert best_models(metrics).to_dict("records") == [
        {"outcome": "poor_outcome", "features": pooled.idxmax(), "classifier": "svm"}
    ]
