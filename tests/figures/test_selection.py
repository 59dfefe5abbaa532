"""The numbers that figures show are the right rows of the tables."""

import pytest

from ichdag.figures.agreement import select_bland_altman
from ichdag.figures.auc import MEDIAN, select_auc, select_oracle
from ichdag.figures.calibration import select_calibration
from ichdag.figures.cohort_flow import MAX_REASONS, select_flow
from ichdag.figures.decision import select_decision
from ichdag.figures.display_names import outcome_name, variable_name
from ichdag.figures.ranks import select_ranks
from ichdag.figures.segmentation import select_dice
from ichdag.figures.selection import settings_of


def test_calibration_shows_only_the_best_model_in_cross_validation(tables, made_up):
    table = select_calibration(tables["calibration"], metrics=tables["metrics"])
    assert set(zip(table["features"], table["classifier"], strict=True)) == {made_up.BEST}
    assert len(table) == len(made_up.OUTCOMES) * 2 * 3


def test_decision_curves_have_the_best_model_and_two_comparators_but_no_oracle(tables):
    table = select_decision(tables["decision"], metrics=tables["metrics"])
    assert set(table["features"]) == {"vaegan", "volume", "clinical"}


def test_the_best_model_is_not_chosen_on_external_data(tables, made_up):
    external = tables["metrics"][(tables["metrics"]["fold"] == "external") & (tables["metrics"]["metric"] == "auc")]
    models = external[external["classifier"] != "known"].sort_values("value").iloc[-1]
    assert (models["features"], models["classifier"]) != made_up.BEST
    assert "vaegan" in set(select_oracle(tables["metrics"])["features"])


def test_the_median_over_six_classifiers_stands_beside_them(tables):
    table = select_auc(tables["metrics"])
    rows = table[
        (table["features"] == "radiomics") & (table["outcome"] == "poor_outcome") & (table["fold"] == "external")
    ]
    values = rows.loc[rows["classifier"] != MEDIAN, "value"]
    assert len(values) == 6
    assert rows.loc[rows["classifier"] == MEDIAN, "value"].item() == pytest.approx(values.median())


def test_ranks_of_seven_feature_sets_add_up_to_28(tables):
    table = select_ranks(tables["metrics"])
    assert table.groupby(["outcome", "fold"])["rank"].sum().to_list() == pytest.approx([28] * 4)
    best = table[(table["fold"] == "mean") & (table["features"] == "radiomics")]["rank"]
    assert (best < 2).all()


def test_dice_over_participants_and_over_fold_means_differ_as_they_should(tables):
    table = select_dice(tables["scores"]).set_index(["variant", "fold"])
    assert table.loc[("dual", "all"), "mean"] == pytest.approx(0.8)
    assert table.loc[("dual", "mean"), "mean"] == pytest.approx((0.85 + 0.7) / 2)
    assert table.loc[("dual", "final"), "n"] == 2


def test_bland_altman_has_the_bias_and_the_limits_of_each_role_and_network(tables):
    scores = tables["scores"].copy()
    scores["predicted_ml"] = scores["manual_ml"] + [float(place) for place in range(len(scores))]
    table = select_bland_altman(scores)
    rows = table[(table["role"] == "development") & (table["variant"] == "dual")]
    assert rows["difference_ml"].to_list() == [0, 2, 4, 6] and rows["mean_ml"].to_list() == [10, 11, 12, 13]
    assert (rows["bias_ml"] == 3).all()
    assert rows["upper_ml"].iloc[0] == pytest.approx(3 + 1.96 * rows["difference_ml"].std())


def test_rare_reasons_are_counted_together_so_that_none_is_lost(tables):
    shown = select_flow(tables["flow"])
    left = shown[(shown["step"] == "excluded") & (shown["role"] == "development")]
    assert len(left) == MAX_REASONS + 1
    assert left["n"].sum() == sum(range(1, 10))
    assert left.iloc[-1][["reason", "n"]].to_list() == ["other reasons", 3]


def test_cross_validation_comes_before_external_cohorts(tables, made_up):
    assert settings_of(tables["metrics"]) == [("pooled", "Trial"), ("external", made_up.NASTY)]


def test_names_are_as_people_write_them():
    assert outcome_name("expansion_3ml") == "Expansion > 3 mL"
    assert outcome_name("poor_outcome") == "Poor outcome"
    assert variable_name("baseline_volume_ml") == "Baseline volume (mL)"
    assert variable_name("gcs") == "GCS"
