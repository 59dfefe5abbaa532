"""Every metric against independent libraries, and the intervals of the table."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from sklearn import metrics as sk
from statsmodels.stats.proportion import proportion_confint

from ichdag.evaluation import best_models, measure_performance
from ichdag.evaluation.delong import estimate_aucs, logit_interval
from ichdag.evaluation.metrics import _average_precision, compute_metrics
from ichdag.evaluation.prediction_groups import PredictionGroup, groups_by_model
from ichdag.evaluation.resampling import Resamples, resample, resampled_auc, resampled_precision
from ichdag.evaluation.schemas import METRICS
from ichdag.jobs import StudyError
from ichdag.tables import read_table, write_table
from ichdag.youden import youden_threshold


def groups_by_fold(predictions):
    return {group.fold: group for group in next(groups_by_model(predictions))}


def test_every_metric_agrees_with_scikit_learn(predictions, settings):
    for group in groups_by_fold(predictions).values():
        result = {row.metric: row.value for row in compute_metrics(group, settings=settings, seed=1)}
        called = group.probability >= group.threshold
        y, p = group.y_true, group.probability
        expected = {
            "auc": sk.roc_auc_score(y, p),
            "average_precision": sk.average_precision_score(y, p),
            "f1": sk.f1_score(y, called),
            "sensitivity": sk.recall_score(y, called),
            "specificity": sk.recall_score(~y, ~called),
            "ppv": sk.precision_score(y, called),
            "npv": sk.precision_score(~y, ~called),
            "brier": sk.brier_score_loss(y, p),
        }
        for name, value in expected.items():
            assert result[name] == pytest.approx(value, abs=1e-8), (group.fold, name)


def test_sensitivity_has_a_wilson_interval(predictions, settings):
    group = groups_by_fold(predictions)["pooled"]
    result = {row.metric: row for row in compute_metrics(group, settings=settings, seed=1)}
    hits = int((group.probability >= group.threshold)[group.y_true].sum())
    expected = proportion_confint(hits, int(group.y_true.sum()), method="wilson")
    assert (result["sensitivity"].low, result["sensitivity"].high) == pytest.approx(expected, abs=1e-8)


def test_the_threshold_is_youdens_by_scikit_learn(predictions):
    group = groups_by_fold(predictions)["external"]
    own = predictions[(predictions.fold != "external") & (predictions.features == "radiomics")]
    false, true, thresholds = sk.roc_curve(own.y_true, own.probability, drop_intermediate=False)
    threshold = youden_threshold(own.y_true, probability=own.probability.to_numpy())
    assert threshold == thresholds[(true - false).round(12).argmax()]
    assert set(group.threshold) == {youden_threshold(own.y_true, probability=own.probability.to_numpy())}


def test_a_change_in_the_reported_fold_does_not_move_its_threshold(predictions):
    before = groups_by_fold(predictions)
    changed = predictions.copy()
    reported = changed.fold == "2"
    changed.loc[reported, "probability"] = 1 - changed.loc[reported, "probability"] ** 3
    after = groups_by_fold(changed)
    assert set(after["2"].threshold) == set(before["2"].threshold)
    assert any(set(after[fold].threshold) != set(before[fold].threshold) for fold in "0134")


def test_a_change_in_the_external_cohort_does_not_move_any_threshold(predictions):
    before = groups_by_fold(predictions)
    changed = predictions.copy()
    outside = changed.fold == "external"
    changed.loc[outside, "probability"] = 1 - changed.loc[outside, "probability"]
    after = groups_by_fold(changed)
    assert all((after[fold].threshold == before[fold].threshold).all() for fold in before)


def test_pooled_predictions_keep_the_threshold_of_each_fold(predictions):
    groups = groups_by_fold(predictions)
    pooled = dict(zip(groups["pooled"].subjects, groups["pooled"].threshold, strict=True))
    for fold in "01234":
        assert [pooled[subject] for subject in groups[fold].subjects] == list(groups[fold].threshold)


def test_resampled_metrics_are_those_of_the_participants_drawn():
    random = np.random.default_rng(0)
    yes, no = random.random(12).round(1), random.random(17).round(1)
    draws = resample(12, 17, count=25, seed=4)
    for number in range(25):
        hits = np.repeat(yes, draws.positives[:, number].astype(int))
        alarms = np.repeat(no, draws.negatives[:, number].astype(int))
        y, p = np.r_[np.ones(12), np.zeros(17)], np.r_[hits, alarms]
        one = Resamples(draws.positives[:, [number]], draws.negatives[:, [number]])
        assert resampled_auc(yes, no, draws=one)[0] == pytest.approx(sk.roc_auc_score(y, p), abs=1e-7)
        assert resampled_precision(yes, no, draws=one)[0] == pytest.approx(sk.average_precision_score(y, p), abs=1e-6)


def test_every_resample_has_as_many_of_each_class_as_the_cohort():
    draws = resample(7, 30, count=50, seed=1)
    assert (draws.positives.sum(axis=0) == 7).all()
    assert (draws.negatives.sum(axis=0) == 30).all()
    assert draws.positives.std() > 0


def test_the_table_follows_its_schema_and_is_the_same_twice(predictions, settings, tmp_path):
    for name in ("one.tsv", "two.tsv"):
        write_table(measure_performance(predictions, settings=settings, seed=5), tmp_path / name, METRICS)
    assert (tmp_path / "one.tsv").read_bytes() == (tmp_path / "two.tsv").read_bytes()
    table = read_table(tmp_path / "one.tsv", METRICS)
    assert set(table.fold) == {"0", "1", "2", "3", "4", "pooled", "mean", "external"}
    limited = table.dropna(subset=["value", "low", "high"])
    assert (limited.low <= limited.value + 1e-9).all()
    assert (limited.value <= limited.high + 1e-9).all()


def test_the_mean_over_folds_has_its_sd_and_an_interval_from_the_folds_variances(predictions, settings):
    table = measure_performance(predictions, settings=settings, seed=5)
    rows = table[(table.metric == "auc") & (table.features == "shape")].set_index("fold")
    folds = rows.loc[list("01234")]
    assert rows.loc["mean", "value"] == pytest.approx(folds.value.mean(), abs=1e-12)
    assert rows.loc["mean", "sd"] == pytest.approx(folds.value.std(ddof=1), abs=1e-12)
    groups = [group for group in list(groups_by_model(predictions))[1] if group.fold in set("01234")]
    error = (
        math.sqrt(sum(estimate_aucs(group.y_true, scores=group.probability).covariance[0, 0] for group in groups)) / 5
    )
    mean = folds.value.mean()
    reach = math.log(rows.loc["mean", "high"] / (1 - rows.loc["mean", "high"])) - math.log(mean / (1 - mean))
    assert rows.loc["mean", "interval"] == "delong-corrected"
    # Five folds of 20: the variance times 1 + 5 x 20 / 80.
    assert reach == pytest.approx(1.959963984540054 * 1.5 * error / (mean * (1 - mean)), abs=1e-8)


def test_only_where_folds_are_pooled_is_delongs_interval_widened(predictions, settings):
    table = measure_performance(predictions, settings=settings, seed=5)
    rows = table[(table.metric == "auc") & (table.features == "shape")].set_index("fold")
    assert rows.interval.to_dict() == dict.fromkeys([*"01234", "external"], "delong") | dict.fromkeys(
        ["pooled", "mean"], "delong-corrected"
    )
    groups = {group.fold: group for group in list(groups_by_model(predictions))[1]}
    for fold, factor in (("external", 1), ("pooled", 2.25)):
        result = estimate_aucs(groups[fold].y_true, scores=groups[fold].probability)
        auc, error = result.auc[0], math.sqrt(result.covariance[0, 0] * factor)
        reach = 1.959963984540054 * error / (auc * (1 - auc))
        low, high = (rows.loc[fold, side] for side in ("low", "high"))
        assert math.log(high / (1 - high)) == pytest.approx(math.log(auc / (1 - auc)) + reach, abs=1e-8)
        assert math.log(low / (1 - low)) == pytest.approx(math.log(auc / (1 - auc)) - reach, abs=1e-8)


def test_bootstrap_limits_of_the_auc_are_percentiles_of_resampled_aucs(predictions, settings):
    table = measure_performance(predictions, settings=settings, seed=5)
    rows = table[(table.metric == "auc") & (table.features == "shape")].set_index("fold")
    group = {group.fold: group for group in list(groups_by_model(predictions))[1]}["external"]
    yes, no = group.scores_by_class
    draws = resample(len(yes), len(no), count=settings.bootstrap, seed=5)
    values = [
        sk.roc_auc_score(
            np.r_[np.ones(len(yes)), np.zeros(len(no))],
            np.r_[np.repeat(yes, one.astype(int)), np.repeat(no, other.astype(int))],
        )
        for one, other in zip(draws.positives.T, draws.negatives.T, strict=True)
    ]
    expected = np.quantile(values, [0.025, 0.975])
    assert rows.loc["external", ["bootstrap_low", "bootstrap_high"]].to_list() == pytest.approx(expected, abs=1e-8)
    assert table[table.metric != "auc"].bootstrap_low.isna().all()


def test_f1_has_wilsons_interval_of_the_proportion_it_is_a_function_of(predictions, settings):
    group = groups_by_fold(predictions)["pooled"]
    result = {row.metric: row for row in compute_metrics(group, settings=settings, seed=1)}["f1"]
    called = group.probability >= group.threshold
    hits, either = int((called & group.y_true).sum()), int((called | group.y_true).sum())
    low, high = proportion_confint(hits, either, method="wilson")
    assert (result.low, result.high) == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)), abs=1e-8)
    assert result.low < result.value < result.high and result.interval == "wilson"


def test_average_precision_has_wilsons_interval_with_as_many_cases_as_positives(predictions, settings):
    group = groups_by_fold(predictions)["pooled"]
    result = {row.metric: row for row in compute_metrics(group, settings=settings, seed=1)}["average_precision"]
    m = int(group.y_true.sum())
    expected = proportion_confint(result.value * m, m, method="wilson")
    assert (result.low, result.high) == pytest.approx(expected, abs=1e-8)


def test_the_interval_of_the_average_precision_holds_the_true_one_as_often_as_it_claims(settings):
    """Scores of two normal distributions 3 apart, 14 positives of 120: a bootstrap held it 80 times of 100."""
    random = np.random.default_rng(0)
    many = np.r_[random.normal(3, 1, 40000), random.normal(0, 1, 40000 * 106 // 14)]
    truth = sk.average_precision_score(np.arange(len(many)) < 40000, many)
    held = 0
    for _ in range(300):
        yes, no = random.normal(3, 1, 14), random.normal(0, 1, 106)
        y_true = np.arange(120) < 14
        group = PredictionGroup("o", "f", "c", "x", "external", np.arange(120), y_true, np.r_[yes, no], np.zeros(120))
        result = _average_precision(group, settings)
        held += result.low <= truth <= result.high
    assert held >= binom.ppf(1e-4, 300, 0.95)


@pytest.mark.parametrize("sign", [1, -1], ids=["perfect", "reversed"])
def test_no_interval_collapses_under_perfect_separation(predictions, settings, sign):
    perfect = predictions.assign(probability=0.5 + sign * (predictions.y_true - 0.5))
    table = measure_performance(perfect, settings=settings, seed=5)
    known = table[table.fold != "mean"].dropna(subset=["value", "low"])
    assert {"auc", "average_precision", "f1", "sensitivity", "brier"} <= set(known.metric)
    assert (known.high - known.low > 0.02).all(), known[known.high - known.low <= 0.02]
    auc = table[(table.metric == "auc") & (table.fold != "mean")]
    assert auc.bootstrap_low.isna().all() and auc.note.str.contains("no bootstrap limits").all()
    rows = known[known.features == "shape"].set_index(["fold", "metric"])
    if sign == 1:
        n, m = rows.loc[("external", "f1"), ["n", "positives"]].astype(int)
        low, _ = proportion_confint(m, m, method="wilson")
        assert rows.loc[("external", "average_precision"), ["value", "low", "high"]].tolist() == pytest.approx(
            [1, low, 1]
        )
        assert rows.loc[("external", "f1"), ["value", "low"]].tolist() == pytest.approx([1, 2 * low / (1 + low)])
        high = proportion_confint(0, n, method="wilson")[1]
        assert rows.loc[("external", "brier"), ["value", "low", "high"]].tolist() == pytest.approx([0, 0, high])


def test_flat_probabilities_are_told_in_the_table_and_ranked_all_the_same(predictions, settings):
    narrow = predictions.copy()
    some = narrow.fold.isin(["1", "3"]) & (narrow.features == "shape")
    narrow.loc[some, "probability"] = 0.3 + narrow.probability[some] * 1e-4
    before, table = (measure_performance(one, settings=settings, seed=5) for one in (predictions, narrow))
    rows = table[(table.features == "shape") & (table.metric == "auc")].set_index("fold")
    assert rows.flat.to_dict() == {"0": 0, "1": 1, "2": 0, "3": 1, "4": 0, "pooled": 2, "mean": 2, "external": 0}
    assert rows.loc["pooled", "note"] == "flat probabilities in 2 of 5 folds: only their ranks tell"
    assert rows.loc["1", "note"] == "flat probabilities: only their ranks tell"
    same = before[(before.features == "shape") & (before.metric == "auc")].set_index("fold").value
    assert rows.loc[["0", "1", "3", "mean"], "value"].tolist() == pytest.approx(same[["0", "1", "3", "mean"]].tolist())
    slope = table[(table.features == "shape") & (table.metric == "slope") & (table.fold == "1")].iloc[0]
    assert slope.note == "one probability for everybody"
    assert (table[table.features == "radiomics"].flat == 0).all()


def test_a_model_with_flat_probabilities_is_best_only_where_there_is_no_other(predictions, settings):
    table = measure_performance(predictions, settings=settings, seed=5)
    pooled = table[(table.metric == "auc") & (table.fold == "pooled")].set_index("features").value
    first, second = pooled.sort_values(ascending=False).index
    assert best_models(table).features.tolist() == [first]
    assert best_models(table.assign(flat=(table.features == first) * 2)).features.tolist() == [second]
    assert best_models(table.assign(flat=2)).features.tolist() == [first]
    assert best_models(table.drop(columns="flat")).features.tolist() == [first]


def test_the_mean_auc_over_folds_has_an_interval_from_the_folds_with_both_classes_or_a_reason(predictions, settings):
    lacking = predictions.copy()
    lacking.loc[lacking.fold == "1", "y_true"] = 0
    rows = measure_performance(lacking, settings=settings, seed=5)
    row = rows[(rows.metric == "auc") & (rows.features == "shape") & (rows.fold == "mean")].iloc[0]
    groups = [group for group in list(groups_by_model(lacking))[1] if group.fold in set("0234")]
    variance = sum(estimate_aucs(group.y_true, scores=group.probability).covariance[0, 0] for group in groups) / 16
    low, high = logit_interval(row.value, variance=2.25 * variance, confidence=0.95)
    assert (row.low, row.high) == pytest.approx((low, high), abs=1e-8)
    assert row.note == "defined in 4 of 5 folds" and row.interval == "delong-corrected"
    first = lacking[lacking.fold == "1"].subject.min()
    lacking.loc[lacking.subject == first, "y_true"] = 1
    rows = measure_performance(lacking, settings=settings, seed=5)
    means = rows[(rows.metric == "auc") & (rows.fold == "mean")]
    assert means.low.isna().all()
    assert set(means.note) == {"no interval: a class has one participant in 1 of 5 folds"}


def test_one_class_in_the_external_cohort_leaves_metrics_undefined_with_a_note(predictions, settings):
    predictions.loc[predictions.fold == "external", "y_true"] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = measure_performance(predictions, settings=settings, seed=5)
    rows = table[(table.fold == "external") & (table.features == "shape")].set_index("metric")
    for name in ("auc", "average_precision", "f1", "sensitivity", "slope", "intercept"):
        assert math.isnan(rows.loc[name, "value"]), name
        assert rows.loc[name, "note"], name
    assert 0 < rows.loc["specificity", "value"] <= 1
    assert 0 < rows.loc["brier", "value"] < 1


def test_a_fold_without_events_gets_no_auc_and_the_mean_says_so(predictions, settings):
    predictions.loc[predictions.fold == "1", "y_true"] = 0
    table = measure_performance(predictions, settings=settings, seed=5)
    rows = table[(table.metric == "auc") & (table.features == "shape")].set_index("fold")
    assert math.isnan(rows.loc["1", "value"])
    assert rows.loc["mean", "note"] == "defined in 4 of 5 folds"
    assert rows.loc["mean", "value"] == pytest.approx(rows.loc[list("0234"), "value"].mean())


def test_without_a_class_in_the_other_folds_there_is_no_threshold(predictions, settings):
    predictions.loc[predictions.fold.isin(list("1234")), "y_true"] = 0
    predictions.loc[predictions.fold == "0", "y_true"] = [0, 1] * 20
    rows = measure_performance(predictions, settings=settings, seed=5)
    rows = rows[(rows.fold == "0") & (rows.features == "shape")].set_index("metric")
    assert math.isnan(rows.loc["sensitivity", "value"])
    assert "threshold" not in rows.index
    assert 0 <= rows.loc["auc", "value"] <= 1


def test_two_rows_of_one_participant_are_refused(predictions, settings):
    doubled = pd.concat([predictions, predictions.iloc[[7]]])
    with pytest.raises(StudyError, match="ATACH007 stands twice"):
        measure_performance(doubled, settings=settings, seed=5)
