"""Shapiro-Wilk, Friedman and Wilcoxon over feature sets and classifiers; Nadeau and Bengio over folds."""

import math
import warnings
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from ichdag.constants import CLASSIFIERS, FEATURE_SETS
from ichdag.statistics import (
    check_normality,
    compare_feature_sets,
    compare_folds,
    compare_pairs,
    effects,
)
from ichdag.statistics.schemas import FRIEDMAN
from ichdag.tables import read_table, write_table

SIZES = {"0": 20, "1": 20, "2": 20, "3": 20, "4": 21, "mean": 101, "external": 60}


@pytest.fixture
def metrics():
    """AUC rows of one outcome: 7 feature sets x 6 classifiers x (5 folds, their mean, one external cohort)."""
    random = np.random.default_rng(8)
    rows = []
    for features, classifier in product(FEATURE_SETS, CLASSIFIERS):
        folds = dict(zip("01234", random.uniform(0.6, 0.9, 5), strict=True))
        values = folds | {"mean": np.mean(list(folds.values())), "external": random.uniform(0.6, 0.9)}
        for fold, value in values.items():
            cohort = "YALE" if fold == "external" else "ATACH"
            rows.append(("poor_outcome", features, classifier, cohort, fold, "auc", value, SIZES[fold]))
    columns = ["outcome", "features", "classifier", "cohort", "fold", "metric", "value", "n"]
    return pd.DataFrame(rows, columns=columns)


def predictions_of(random):
    """Predictions of all models for 50 development and 30 external participants, who are ranked alike by most."""
    people = pd.DataFrame({"subject": [f"s{number:02d}" for number in range(80)], "cohort": "ATACH"})
    people["fold"] = [str(number % 5) for number in range(50)] + ["external"] * 30
    people.loc[50:, "cohort"] = "YALE"
    people = people.assign(outcome="poor_outcome", y_true=np.arange(80) // 5 % 2)
    hard = random.standard_normal(80)
    models = [people.assign(features=f, classifier=c) for f, c in product(FEATURE_SETS, CLASSIFIERS)]
    scores = [stats.norm.cdf(hard + random.standard_normal(80)) for _ in models]
    return pd.concat([one.assign(probability=values) for one, values in zip(models, scores, strict=True)])


PREDICTIONS = predictions_of(np.random.default_rng(5))
JUDGED = {"predictions": PREDICTIONS, "alpha": 0.05, "bootstrap": 200, "seed": 1}


def friedman_of(metrics):
    return compare_feature_sets(metrics, **JUDGED)


def pairs_of(metrics):
    return compare_pairs(metrics, **JUDGED)


def auc_table(metrics, fold):
    rows = metrics[metrics.fold == fold]
    return rows.pivot(index="classifier", columns="features", values="value")[list(FEATURE_SETS)]


def test_shapiro_wilk_is_over_folds_and_classifiers_of_a_feature_set(metrics):
    table = check_normality(metrics, alpha=0.05).set_index("features")
    values = metrics[(metrics.features == "shape") & metrics.fold.isin(list("01234"))].value
    assert table.loc["shape", "n"] == 30
    assert table.loc["shape", "p"] == pytest.approx(stats.shapiro(values).pvalue, abs=1e-8)
    assert len(table) == 7


def test_equal_aucs_have_no_shapiro_wilk_test_and_no_warning(metrics):
    metrics["value"] = 0.7
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = check_normality(metrics, alpha=0.05)
    assert table.p.isna().all()
    assert table.note.notna().all()


@pytest.mark.parametrize("fold", ["mean", "external"])
def test_friedman_has_feature_sets_as_treatments_and_classifiers_as_blocks(metrics, fold):
    row = friedman_of(metrics).set_index("fold").loc[fold]
    expected = stats.friedmanchisquare(*auc_table(metrics, fold).to_numpy().T)
    assert (row.treatments, row.blocks) == (7, 6)
    assert row.statistic == pytest.approx(expected.statistic, abs=1e-8)
    assert row.p == pytest.approx(expected.pvalue, abs=1e-8)
    ranks = auc_table(metrics, fold).rank(axis=1).sum()
    assert row.kendall_w == pytest.approx(12 * ((ranks - 24) ** 2).sum() / (36 * (343 - 7)), abs=1e-8)


def test_friedman_is_undefined_where_every_feature_set_is_equal(metrics):
    metrics["value"] = 0.7
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = friedman_of(metrics)
    assert table.p.isna().all()
    assert table.significant.isna().all()


def test_a_classifier_without_an_auc_is_left_out_of_friedman_and_noted(metrics):
    metrics.loc[(metrics.classifier == "svm") & (metrics.features == "shape"), "value"] = np.nan
    row = friedman_of(metrics).iloc[0]
    assert row.blocks == 5
    assert "1 classifiers left out" in row.note


def test_wilcoxon_runs_over_all_21_pairs_with_three_corrections(metrics):
    table = pairs_of(metrics)
    table = table[table.fold == "external"].reset_index(drop=True)
    values = auc_table(metrics, "external")
    raw = [stats.wilcoxon(values[one], values[other]).pvalue for one, other in combinations(FEATURE_SETS, 2)]
    np.testing.assert_allclose(table.p, raw, atol=1e-8)
    for column, method in (("p_bonferroni", "bonferroni"), ("p_holm", "holm"), ("p_bh", "fdr_bh")):
        np.testing.assert_allclose(table[column], multipletests(raw, method=method)[1], atol=1e-8)


def test_six_classifiers_cannot_reach_significance_after_bonferroni(metrics):
    metrics.loc[metrics.features == "shape", "value"] += 0.5 + metrics.index[metrics.features == "shape"] * 1e-4
    table = pairs_of(metrics)
    assert (table.smallest_reachable_p == 0.03125).all()
    assert table.p.min() == 0.03125
    assert table.p_bonferroni.min() == pytest.approx(0.65625)
    assert table.p_holm.min() > 0.05


def test_wilcoxon_with_ties_is_the_exact_sign_flip_test(metrics):
    shape = (metrics.features == "shape") & (metrics.fold == "external")
    gaps = np.array([0.01, 0.01, -0.02, 0.03, 0.03, 0.05])
    radiomics = metrics[(metrics.features == "radiomics") & (metrics.fold == "external")].value.to_numpy()
    metrics.loc[shape, "value"] = radiomics - gaps
    table = pairs_of(metrics)
    row = table[(table.fold == "external") & (table["first"] == "radiomics") & (table["second"] == "shape")].iloc[0]
    ranks = stats.rankdata(abs(gaps))
    sums = [sum(rank for rank, sign in zip(ranks, signs, strict=True) if sign) for signs in product((0, 1), repeat=6)]
    seen, middle = ranks[gaps > 0].sum(), ranks.sum() / 2
    assert row.p == np.mean([abs(value - middle) >= abs(seen - middle) - 1e-9 for value in sums])


def test_equal_feature_sets_have_p_one_and_zeros_are_dropped(metrics):
    radiomics = metrics[(metrics.features == "radiomics") & (metrics.fold == "external")].value.to_numpy()
    shape = (metrics.features == "shape") & (metrics.fold == "external")
    metrics.loc[shape, "value"] = radiomics
    latent = (metrics.features == "vaegan") & (metrics.fold == "external")
    metrics.loc[latent, "value"] = radiomics - [0, 0, 0.01, 0.02, 0.03, 0.04]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = pairs_of(metrics)
    table = table[(table.fold == "external") & (table["first"] == "radiomics")].set_index("second")
    assert (table.loc["shape", "p"], table.loc["shape", "nonzero"]) == (1, 0)
    assert (table.loc["vaegan", "p"], table.loc["vaegan", "nonzero"]) == (0.125, 4)
    assert table.loc["vaegan", "note"] == "2 equal pairs dropped"


@pytest.mark.parametrize("zeros", range(7))
def test_the_smallest_reachable_p_is_that_of_the_pairs_that_differ(metrics, zeros):
    radiomics = metrics[(metrics.features == "radiomics") & (metrics.fold == "external")].value.to_numpy()
    shape = (metrics.features == "shape") & (metrics.fold == "external")
    metrics.loc[shape, "value"] = radiomics - np.r_[[0] * zeros, np.arange(1, 7 - zeros) / 100]
    table = pairs_of(metrics)
    row = table[(table.fold == "external") & (table["first"] == "radiomics") & (table["second"] == "shape")].iloc[0]
    ranks = np.arange(1, 7 - zeros)
    sums = [
        sum(sign * rank for sign, rank in zip(signs, ranks, strict=True))
        for signs in product((-1, 1), repeat=6 - zeros)
    ]
    # All differences that are not zero have one sign, so that p is the smallest there is: 3 pairs left, .25.
    assert row.p == row.smallest_reachable_p == np.mean([abs(value) >= ranks.sum() for value in sums])


def test_effect_sizes_of_a_pair_are_those_of_a_hand_count(metrics):
    first = np.array([0.71, 0.65, 0.80, 0.62, 0.77, 0.70])
    second = np.array([0.70, 0.68, 0.72, 0.62, 0.70, 0.66])  # differences 1, -3, 8, 0, 7, 4 in hundredths
    for features, values in (("radiomics", first), ("shape", second)):
        metrics.loc[(metrics.features == features) & (metrics.fold == "external"), "value"] = values
    table = pairs_of(metrics)
    row = table[(table.fold == "external") & (table["first"] == "radiomics") & (table["second"] == "shape")].iloc[0]
    assert row.rank_biserial == pytest.approx((1 + 5 + 4 + 3 - 2) / 15)
    wins = sum((one > other) + (one == other) / 2 for one, other in product(first, second))
    assert row.common_language == pytest.approx(wins / 36)
    expected = stats.wilcoxon([0.01, -0.03, 0.08, 0.07, 0.04], method="exact")
    assert (row.statistic, row.p) == (expected.statistic, expected.pvalue)


# Ratings of six targets by four judges, and their coefficients: Shrout and Fleiss 1979, tables 2 and 4.
RATINGS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_the_agreement_of_classifiers_is_the_intraclass_correlation_of_shrout_and_fleiss(metrics):
    table = pd.DataFrame(RATINGS, dtype=float)
    assert effects.intraclass(table, kind="ICC(A,1)")[0] == pytest.approx(0.29, abs=0.005)
    icc, low, high = effects.intraclass(table, kind="ICC(C,1)")
    assert (icc, low, high) == pytest.approx((0.715, 0.342, 0.946), abs=0.001)
    row = friedman_of(metrics).set_index("fold").loc["external"]
    values = auc_table(metrics, "external").T.to_numpy()  # 7 feature sets rated by 6 classifiers
    rows, columns = values.mean(axis=1, keepdims=True), values.mean(axis=0, keepdims=True)
    between = 6 * ((rows - values.mean()) ** 2).sum() / 6
    rest = ((values - rows - columns + values.mean()) ** 2).sum() / 30
    assert row.icc == pytest.approx((between - rest) / (between + 5 * rest), abs=1e-8)


def test_classifiers_that_agree_in_full_have_an_agreement_of_one_without_limits_and_the_reason(metrics, tmp_path):
    """One classifier is as much better than the next for each set: no residual, so 1 by Shrout and Fleiss's formula."""
    places = {name: place for place, name in enumerate(FEATURE_SETS)}
    metrics["value"] = metrics.features.map(places) * 0.0123456 + metrics.classifier.map(CLASSIFIERS.index) * 0.02 + 0.5
    write_table(friedman_of(metrics), tmp_path / "friedman.tsv", FRIEDMAN)
    for row in read_table(tmp_path / "friedman.tsv", FRIEDMAN).itertuples():
        assert row.icc == pytest.approx(1) and math.isnan(row.icc_low) and math.isnan(row.icc_high)
        assert row.note.startswith("no limits of the intraclass correlation: classifiers agree in full")


def test_pairs_carry_the_verdict_of_friedmans_test(metrics):
    order = {name: place for place, name in enumerate(FEATURE_SETS)}
    external = metrics.fold == "external"
    metrics.loc[external, "value"] = 0.6 + metrics[external].features.map(order) * 0.03 + metrics.index[external] * 1e-6
    table = pairs_of(metrics)
    assert set(table[table.fold == "external"].friedman_significant) == {"yes"}
    assert set(table[table.fold == "mean"].friedman_significant) == {"no"}


def test_the_corrected_t_over_folds_agrees_with_the_hand(metrics):
    table = compare_folds(metrics, alpha=0.05, reference="radiomics")
    row = table[(table.features == "shape") & (table.classifier == "svm")].iloc[0]
    rows = metrics[(metrics.classifier == "svm") & metrics.fold.isin(list("01234"))]
    values = rows.pivot(index="fold", columns="features", values="value")
    gaps = (values["shape"] - values["radiomics"]).to_numpy()
    ratio = (4 * 20 / 81 + 21 / 80) / 5
    t = gaps.mean() / math.sqrt((1 / 5 + ratio) * gaps.var(ddof=1))
    assert row.t == pytest.approx(t, abs=1e-8)
    assert row.p == pytest.approx(2 * stats.t.sf(abs(t), 4), abs=1e-8)
    assert row.high - row.difference == pytest.approx(stats.t.isf(0.025, 4) * gaps.mean() / t, abs=1e-8)
    plain = stats.ttest_rel(values["shape"], values["radiomics"])
    assert row.p > plain.pvalue


def test_folds_of_all_repeats_enter_the_corrected_t_and_the_correction_stays(metrics):
    second = metrics[metrics.fold.isin(list("01234"))].copy()
    second["fold"] = (second.fold.astype(int) + 5).astype(str)
    second["value"] = 1 - second.value
    rows = pd.concat([metrics, second], ignore_index=True)
    row = (
        compare_folds(rows, alpha=0.05, reference="radiomics")
        .set_index(["features", "classifier"])
        .loc[("shape", "svm")]
    )
    part = rows[(rows.classifier == "svm") & rows.fold.str.isdecimal()].pivot(
        index="fold", columns="features", values="value"
    )
    gaps = (part["shape"] - part["radiomics"]).to_numpy()
    ratio = (4 * 20 / 81 + 21 / 80) / 5
    assert row.folds == 10
    assert row.t == pytest.approx(gaps.mean() / math.sqrt((1 / 10 + ratio) * gaps.var(ddof=1)), abs=1e-8)
    assert row.p == pytest.approx(2 * stats.t.sf(abs(row.t), 9), abs=1e-8)


def test_a_constant_difference_over_folds_has_no_t_and_a_note(metrics):
    folds = metrics.fold.isin(list("01234"))
    metrics.loc[folds, "value"] = 0.7
    row = compare_folds(metrics, alpha=0.05, reference="radiomics").iloc[0]
    assert math.isnan(row.p)
    assert row.note == "the difference is the same in all folds"


# AUCs of six classifiers (rows) with seven feature sets, no ties. R 4.2.2, m this matrix: friedman.test(m);
# wilcox.test(m[, i] - m[, j], exact=TRUE) over the pairs; p.adjust(p, k); shapiro.test(as.vector(m)).
AUCS = """
.7114 .6221 .6652 .7048 .7317 .7804 .7536  .6829 .6098 .6667 .6913 .7155 .7722 .7249
.6405 .6316 .6124 .6571 .6433 .6958 .7081  .7345 .5937 .6870 .7166 .7529 .8015 .7403
.7067 .6604 .6418 .6639 .7241 .7497 .7128  .6691 .6150 .6743 .6308 .6984 .7364 .6939
"""
R_WILCOXON = [1, 2, 10, 1, 1, 1, 5, 1, 1, 1, 1, 10, 1, 1, 1, 2, 1, 1, 1, 22, 2]  # in the smallest reachable p, 1/32
R_BH = {1: 0.046875, 2: 0.0772058823529412, 5: 0.182291666666667, 10: 0.328125, 22: 0.6875}
R_HOLM = {1: 0.65625, 2: 0.65625, 5: 0.65625, 10: 0.9375, 22: 0.9375}


@pytest.fixture
def written(metrics):
    """The metrics with the external AUCs of the matrix."""
    values = np.array(AUCS.split(), dtype=float).reshape(6, 7)
    external = metrics.fold == "external"
    places = [(list(CLASSIFIERS).index(c), list(FEATURE_SETS).index(f)) for c, f in
              metrics.loc[external, ["classifier", "features"]].itertuples(index=False)]  # fmt: skip
    metrics.loc[external, "value"] = [values[place] for place in places]
    return metrics


def test_friedmans_test_is_that_of_r_with_and_without_ties(written):
    row = friedman_of(written).set_index("fold").loc["external"]
    assert (row.statistic, row.p) == pytest.approx((31.3571428571429, 2.16635226100638e-05), abs=1e-8)
    for classifier, features, value in (("random_forest", "radiomics", 0.6221), ("naive_bayes", "vaegan", 0.6433)):
        who = (written.classifier == classifier) & (written.features == features) & (written.fold == "external")
        written.loc[who, "value"] = value
    row = friedman_of(written).set_index("fold").loc["external"]
    assert (row.statistic, row.p) == pytest.approx((31.0778443113772, 2.44963328112447e-05), abs=1e-8)


def test_wilcoxons_exact_p_and_its_three_corrections_are_those_of_r(written):
    table = pairs_of(written)
    table = table[table.fold == "external"].reset_index(drop=True)
    np.testing.assert_allclose(table.p, np.array(R_WILCOXON) / 32, atol=1e-8)
    np.testing.assert_allclose(table.p_bonferroni, np.minimum(1, 21 * np.array(R_WILCOXON) / 32), atol=1e-8)
    np.testing.assert_allclose(table.p_holm, [R_HOLM[count] for count in R_WILCOXON], atol=1e-8)
    np.testing.assert_allclose(table.p_bh, [R_BH[count] for count in R_WILCOXON], atol=1e-8)


def test_shapiro_wilk_is_that_of_r(metrics):
    values = np.array(AUCS.split(), dtype=float)
    rows = pd.DataFrame({"outcome": "poor_outcome", "features": "shape", "classifier": "svm", "value": values})
    rows = rows.assign(metric="auc", fold=[str(fold) for fold in range(42)])
    row = check_normality(rows, alpha=0.05).iloc[0]
    assert (row.n, row.statistic, row.p) == pytest.approx((42, 0.986303429144698, 0.887933630081632), abs=1e-8)
