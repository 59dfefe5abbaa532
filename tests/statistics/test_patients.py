"""DeLong's tests of feature sets and of the sexes, and the bootstrap of differences."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from ichdag.evaluation.delong import estimate_aucs, paired_difference
from ichdag.statistics import compare_patients, compare_sexes
from ichdag.statistics.schemas import SEX
from ichdag.tables import read_table, write_table

SETTINGS = {"alpha": 0.05, "reference": "radiomics", "bootstrap": 500}


@pytest.fixture
def predictions():
    """One outcome: radiomics, shape and vaegan by two classifiers, volume by the comparators' own; 90 + 70 patients."""
    random = np.random.default_rng(5)
    tables = []
    for cohort, count in (("ATACH", 90), ("YALE", 70)):
        risk = random.normal(size=count)
        rows = {"cohort": cohort, "subject": [f"{cohort}{number:02d}" for number in range(count)]}
        rows["fold"] = "external" if cohort == "YALE" else [str(number % 5) for number in range(count)]
        rows |= {"outcome": "poor_outcome", "y_true": (random.random(count) < 1 / (1 + np.exp(-risk))).astype(int)}
        models = [(features, name) for features in ("radiomics", "shape", "vaegan") for name in ("svm", "xgboost")]
        for features, classifier in [*models, ("volume", "logistic"), ("oracle", "known")]:
            probability = 1 / (1 + np.exp(-risk - random.normal(size=count)))
            tables.append(
                pd.DataFrame(rows | {"features": features, "classifier": classifier, "probability": probability})
            )
    return pd.concat(tables, ignore_index=True)


@pytest.fixture
def participants(predictions):
    """Every second participant a woman, one with unknown sex."""
    subjects = predictions.subject.drop_duplicates()
    sexes = [None if number == 0 else "FM"[number % 2] for number in range(len(subjects))]
    return pd.DataFrame({"subject": subjects.to_numpy(), "sex": sexes})


def scores_of(predictions, cohort, *models):
    rows = predictions[predictions.cohort == cohort]
    parts = [rows[(rows.features == one) & (rows.classifier == other)].sort_values("subject") for one, other in models]
    return parts[0].y_true.to_numpy(), np.stack([part.probability for part in parts])


def test_each_set_stands_against_the_reference_of_its_classifier_on_the_same_patients(predictions):
    table = compare_patients(predictions, **SETTINGS, seed=1)
    row = table[(table.fold == "external") & (table.features == "shape") & (table.classifier == "svm")].iloc[0]
    y_true, scores = scores_of(predictions, "YALE", ("shape", "svm"), ("radiomics", "svm"))
    gap = paired_difference(estimate_aucs(y_true, scores=scores), first=0, second=1, confidence=0.95)
    assert (row.features_reference, row.classifier_reference) == ("radiomics", "svm")
    assert (row.difference, row.low, row.high, row.p) == pytest.approx((gap.value, gap.low, gap.high, gap.p), abs=1e-12)
    assert row.auc - row.auc_reference == pytest.approx(row.difference, abs=1e-12)
    assert not (table.features == "radiomics").any()
    assert not (table.features == "oracle").any()


def test_the_simple_comparators_stand_against_every_classifiers_reference(predictions):
    table = compare_patients(predictions, **SETTINGS, seed=1)
    rows = table[(table.features == "volume") & (table.fold == "pooled")]
    assert sorted(rows.classifier_reference) == ["svm", "xgboost"]
    assert set(rows.classifier) == {"logistic"}


def test_the_bootstrap_interval_of_a_difference_is_close_to_delongs(predictions):
    table = compare_patients(predictions, **SETTINGS, seed=1)
    reach = (table.high - table.low) / 2
    assert ((table.bootstrap_low - table.low).abs() / reach).max() < 0.3
    assert ((table.bootstrap_high - table.high).abs() / reach).max() < 0.3


def test_the_bootstrap_is_the_same_for_the_same_seed_and_another_for_another(predictions):
    one, same, other = (compare_patients(predictions, **SETTINGS, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert (one.bootstrap_low != other.bootstrap_low).any()


def test_corrections_are_over_the_comparisons_of_one_outcome_and_cohort(predictions):
    table = compare_patients(predictions, **SETTINGS, seed=1)
    for _, family in table.groupby(["cohort", "fold"]):
        assert len(family) == 6
        smallest = family.loc[family.p.idxmin()]
        assert smallest.p_holm == pytest.approx(min(1, smallest.p * 6), abs=1e-12)


def test_a_comparator_that_lacks_patients_is_compared_on_those_it_has(predictions):
    lacking = (predictions.features == "volume") & predictions.subject.isin(["YALE03", "YALE04"])
    table = compare_patients(predictions[~lacking], **SETTINGS, seed=1)
    rows = table[table.fold == "external"].set_index(["features", "classifier_reference"])
    assert rows.loc[("volume", "svm"), "n"] == 68
    assert rows.loc[("shape", "svm"), "n"] == 70


def test_identical_predictions_have_no_p_and_do_not_count_in_the_correction(predictions):
    same = predictions.features == "shape"
    predictions.loc[same, "probability"] = predictions[predictions.features == "radiomics"].probability.to_numpy()
    table = compare_patients(predictions, **SETTINGS, seed=1)
    rows = table[table.features == "shape"]
    assert rows.p.isna().all()
    told = "the difference has no variance; no bootstrap limits: all resamples are equal"
    assert (rows.note == told).all() and rows[["bootstrap_low", "bootstrap_high"]].isna().all(axis=None)
    others = table[(table.features != "shape") & (table.fold == "external")]
    assert others.p_holm.min() == pytest.approx(min(1, others.p.min() * 4), abs=1e-12)


def test_women_and_men_are_compared_as_two_groups(predictions, participants, tmp_path):
    table = compare_sexes(predictions, participants=participants, alpha=0.05, min_probability=1e-6)
    row = table[(table.fold == "pooled") & (table.features == "shape") & (table.classifier == "svm")].iloc[0]
    y_true, scores = scores_of(predictions, "ATACH", ("shape", "svm"))
    women = np.arange(90) % 2 == 0
    women[0] = False
    men = np.arange(90) % 2 == 1
    parts = [estimate_aucs(y_true[who], scores=scores[:, who]) for who in (women, men)]
    assert (row.n_women, row.n_men) == (44, 45)
    assert (row.auc_women, row.auc_men) == pytest.approx((parts[0].auc[0], parts[1].auc[0]), abs=1e-12)
    error = math.sqrt(parts[0].covariance[0, 0] + parts[1].covariance[0, 0])
    assert row.p == pytest.approx(math.erfc(abs(row.difference) / error / math.sqrt(2)), abs=1e-8)
    write_table(table, tmp_path / "sex.tsv", SEX)
    assert len(read_table(tmp_path / "sex.tsv", SEX)) == 16


def test_the_interaction_of_sex_and_risk_agrees_with_a_logistic_regression_on_both(predictions, participants):
    table = compare_sexes(predictions, participants=participants, alpha=0.05, min_probability=1e-6)
    row = table[(table.fold == "external") & (table.features == "vaegan") & (table.classifier == "svm")].iloc[0]
    y_true, (probability,) = scores_of(predictions, "YALE", ("vaegan", "svm"))
    sexes = participants.set_index("subject").sex[[f"YALE{number:02d}" for number in range(70)]]
    female = (sexes == "F").to_numpy(float)
    logit = np.log(probability / (1 - probability))
    design = np.column_stack([np.ones(70), logit, female, logit * female])
    fitted = sm.Logit(y_true, design).fit(disp=0, tol=1e-12)
    assert row.interaction == pytest.approx(fitted.params[3], abs=1e-8)
    assert row.p_interaction == pytest.approx(fitted.pvalues[3], abs=1e-8)
    assert (row.interaction_low, row.interaction_high) == pytest.approx(tuple(fitted.conf_int()[3]), abs=1e-8)


def test_an_interaction_that_cannot_be_estimated_is_noted(predictions, participants):
    rows = predictions.features == "shape"
    predictions.loc[rows, "probability"] = predictions.loc[rows, "y_true"] * 0.8 + 0.1
    table = compare_sexes(predictions, participants=participants, alpha=0.05, min_probability=1e-6)
    shape = table[table.features == "shape"]
    assert shape.p_interaction.isna().all()
    assert shape.note.str.contains("no interaction test: the probability separates the classes").all()


def test_pooled_differences_carry_the_variance_that_shared_training_participants_add(predictions):
    table = compare_patients(predictions, **SETTINGS, seed=1)
    assert set(table[table.fold == "external"].inflation) == {1}
    row = table[(table.fold == "pooled") & (table.features == "shape") & (table.classifier == "svm")].iloc[0]
    assert row.inflation == pytest.approx(2.25)
    y_true, scores = scores_of(predictions, "ATACH", ("shape", "svm"), ("radiomics", "svm"))
    plain = paired_difference(estimate_aucs(y_true, scores=scores), first=0, second=1, confidence=0.95)
    assert row.high - row.difference == pytest.approx(1.5 * (plain.high - plain.value), abs=1e-12)


def test_a_sex_without_the_outcome_leaves_the_comparison_undefined_with_the_reason(predictions, participants):
    women = set(participants.loc[participants.sex == "F", "subject"])
    predictions.loc[predictions.subject.isin(women), "y_true"] = 0
    table = compare_sexes(predictions, participants=participants, alpha=0.05, min_probability=1e-6)
    assert table.p.isna().all()
    assert (table.note == "no women with the outcome").all()
    assert table.auc_men.notna().all()


def test_a_sheet_without_sex_gives_a_table_of_reasons(predictions):
    nobody = pd.DataFrame({"subject": ["ATACH01"]})
    table = compare_sexes(predictions, participants=nobody, alpha=0.05, min_probability=1e-6)
    assert table.p.isna().all()
    assert (table.n_women == 0).all()
    assert table.note.str.startswith("no women with the outcome").all()
