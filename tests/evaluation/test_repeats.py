"""A repeated cross-validation: within repeats as if each stood alone, then averaged; patients by mean probabilities."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from ichdag.evaluation import measure_calibration, measure_net_benefit, measure_performance
from ichdag.evaluation.delong import estimate_aucs, logit_interval, paired_difference
from ichdag.evaluation.prediction_groups import groups_by_model
from ichdag.jobs import StudyError
from ichdag.statistics import compare_patients, compare_sexes
from ichdag.youden import youden_threshold

KEYS = ["features", "metric"]
STATISTICS = {"alpha": 0.05, "reference": "radiomics", "bootstrap": 400}


@pytest.fixture
def second(predictions):
    """The same study with other folds and other out-of-fold probabilities; the external rows as they are."""
    random = np.random.default_rng(9)
    table = predictions.copy()
    inside = table.fold != "external"
    drawn = dict(zip(table[inside].subject.unique(), random.permutation(np.arange(100) % 5), strict=True))
    table.loc[inside, "fold"] = table[inside].subject.map(drawn).astype(str)
    noise = random.normal(scale=2, size=inside.sum())
    odds = np.log(table[inside].probability.clip(0.02, 0.98)) - np.log1p(-table[inside].probability.clip(0.02, 0.98))
    table.loc[inside, "probability"] = (1 / (1 + np.exp(-odds - noise))).round(3)
    return table


@pytest.fixture
def both(predictions, second):
    return joined(predictions, second)


def joined(*repeats):
    """One table of several cross-validations: folds numbered on, the external rows once."""
    parts = []
    for repeat, table in enumerate(repeats):
        inside = table[table.fold != "external"]
        parts.append(inside.assign(fold=(inside.fold.astype(int) + 5 * repeat).astype(str)))
    return pd.concat([*parts, repeats[0][repeats[0].fold == "external"]], ignore_index=True)


def measured(table, settings):
    return measure_performance(table, settings=settings, seed=1).set_index([*KEYS, "fold"])


def mean_scores(table, features):
    rows = table[(table.features == features) & (table.fold != "external")]
    result = rows.groupby("subject").agg(y=("y_true", "first"), p=("probability", "mean"))
    return result.y.to_numpy(), result.p.to_numpy()


def test_folds_of_each_repeat_are_measured_as_if_the_repeat_stood_alone(predictions, second, both, settings):
    whole = measured(both, settings)
    for repeat, table in enumerate((predictions, second)):
        alone = measured(table, settings)
        for fold in range(5):
            one, other = alone.xs(str(fold), level="fold"), whole.xs(str(fold + 5 * repeat), level="fold")
            pd.testing.assert_frame_equal(one, other)


def test_pooled_metrics_are_means_of_what_is_measured_within_each_repeat(predictions, second, both, settings):
    parts = [measured(table, settings).xs("pooled", level="fold") for table in (predictions, second)]
    whole = measured(both, settings).xs("pooled", level="fold")
    assert len(whole) == len(parts[0]) == 22
    np.testing.assert_allclose(whole.value, (parts[0].value + parts[1].value) / 2, atol=1e-12)
    rest = whole.index.get_level_values("metric") != "auc"
    for limit in ("low", "high"):
        np.testing.assert_allclose(whole[limit][rest], (parts[0][limit] + parts[1][limit])[rest] / 2, atol=1e-12)
    assert (whole.n == 100).all() and (whole.positives == parts[0].positives).all()


def test_the_interval_of_the_pooled_auc_is_delongs_for_the_mean_probabilities_around_the_mean_auc(both, settings):
    row = measured(both, settings).loc[("radiomics", "auc", "pooled")]
    y_true, mean = mean_scores(both, "radiomics")
    result = estimate_aucs(y_true, scores=mean)
    # The repeats of this study differ by far more than what they do not share explains: all is chance, counted twice.
    assert row.inflation == pytest.approx(2)
    low, high = logit_interval(row.value, variance=result.covariance[0, 0] * 2, confidence=0.95)
    assert (row.low, row.high, row.interval) == (pytest.approx(low), pytest.approx(high), "delong-corrected")
    assert row.bootstrap_low < row.value < row.bootstrap_high
    assert row.value != pytest.approx(result.auc[0], abs=1e-4)


def test_repeating_a_cross_validation_to_the_byte_tells_nothing_new(predictions, settings):
    alone, whole = measured(predictions, settings), measured(joined(predictions, predictions), settings)
    for fold in ("pooled", "mean", "external"):
        columns = ["value", "low", "high", "bootstrap_low", "bootstrap_high", "n", "positives"]
        one, other = (table.xs(fold, level="fold")[columns] for table in (alone, whole))
        pd.testing.assert_frame_equal(one, other, check_exact=False, atol=1e-12)
    one, other = (compare_patients(t, **STATISTICS, seed=1) for t in (predictions, joined(predictions, predictions)))
    pd.testing.assert_frame_equal(one, other, check_exact=False, atol=1e-12)


def test_the_mean_over_folds_is_over_those_of_all_repeats_and_its_interval_is_no_narrower(both, settings):
    table = measured(both, settings)
    values = [table.loc[("shape", "auc", str(fold))].value for fold in range(10)]
    row = table.loc[("shape", "auc", "mean")]
    assert (row.value, row.sd) == (pytest.approx(np.mean(values)), pytest.approx(np.std(values, ddof=1)))
    variances = [
        estimate_aucs(group.y_true, scores=group.probability).covariance[0, 0]
        for groups in groups_by_model(both)
        for group in groups
        if group.features == "shape" and group.fold.isdecimal()
    ]
    low, _ = logit_interval(row.value, variance=2 * np.mean(variances) / 5, confidence=0.95)
    assert row.low == pytest.approx(low)


def test_a_folds_threshold_is_chosen_in_its_own_repeat_and_that_of_external_cohorts_on_all(predictions, both):
    before = {group.fold: group for group in next(groups_by_model(both))}
    changed = both.copy()
    other = changed.fold.isin([str(fold) for fold in range(5, 10)])
    changed.loc[other, "probability"] = 1 - changed.loc[other, "probability"] ** 2
    after = {group.fold: group for group in next(groups_by_model(changed))}
    alone = {group.fold: group for group in next(groups_by_model(predictions))}
    for fold in "01234":
        assert set(before[fold].threshold) == set(after[fold].threshold) == set(alone[fold].threshold)
    own = both[(both.fold != "external") & (both.features == "radiomics")]
    assert set(before["external"].threshold) == {youden_threshold(own.y_true, probability=own.probability.to_numpy())}


def test_patients_are_compared_by_their_mean_probability(both, settings):
    row = compare_patients(both, **STATISTICS, seed=1).set_index("fold").loc["pooled"]
    y_true, shape = mean_scores(both, "shape")
    result = estimate_aucs(y_true, scores=np.stack([shape, mean_scores(both, "radiomics")[1]])).inflated(2)
    gap = paired_difference(result, first=0, second=1, confidence=0.95)
    assert (row.difference, row.low, row.high, row.p) == pytest.approx((gap.value, gap.low, gap.high, gap.p), abs=1e-12)
    assert (row.n, row.auc, row.inflation) == (100, pytest.approx(roc_auc_score(y_true, shape)), pytest.approx(2))
    subjects = sorted(both[both.fold != "external"].subject.unique())
    people = pd.DataFrame({"subject": subjects, "sex": ["F", "M"] * 50})
    sexes = compare_sexes(both, participants=people, alpha=0.05, min_probability=0.001)
    row = sexes[(sexes.fold == "pooled") & (sexes.features == "shape")].iloc[0]
    assert row.auc_women == pytest.approx(roc_auc_score(y_true[::2], shape[::2]))


def test_calibration_and_decision_curves_are_those_of_the_mean_probabilities(both, settings):
    bins = measure_calibration(both, calibration_bins=5, confidence=0.95)
    bins = bins[(bins.fold == "pooled") & (bins.features == "shape")]
    y_true, mean = mean_scores(both, "shape")
    assert bins.n.sum() == 100
    assert (bins.predicted * bins.n).sum() == pytest.approx(mean.sum())
    curve = measure_net_benefit(both, decision_thresholds=[0.1, 0.9, 0.1])
    row = curve[(curve.fold == "pooled") & (curve.features == "shape") & (curve.threshold == 0.5)].iloc[0]
    called = mean >= 0.5
    assert row.net_benefit == pytest.approx(((called & (y_true == 1)).sum() - (called & (y_true == 0)).sum()) / 100)


def test_a_metric_that_one_repeat_lacks_is_the_mean_of_the_others_and_says_so(predictions, settings):
    flat = predictions.assign(probability=0.4)
    whole = measured(joined(predictions, flat), settings)
    row = whole.loc[("shape", "slope", "pooled")]
    assert row.value == measured(predictions, settings).loc[("shape", "slope", "pooled")].value
    assert row.note == "defined in 1 of 2 repeats"
    assert math.isnan(measured(joined(flat, flat), settings).loc[("shape", "slope", "pooled")].value)


def test_a_participant_whom_a_repeat_lacks_is_named_with_the_model(both, settings):
    lacking = both.drop(both.index[(both.fold == "7") & (both.features == "shape")][0])
    with pytest.raises(StudyError, match="features shape.* has no prediction in one of 2 repeats"):
        measure_performance(lacking, settings=settings, seed=1)
