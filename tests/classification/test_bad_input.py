"""Bad input: what cannot be fitted is refused with the reason, all else is predicted and counted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ichdag.classification.classifiers import ClassifierConfig, classifier_card
from ichdag.classification.feature_matrices import clinical_matrix, feature_matrix
from ichdag.classification.label_tables import development_labels, external_labels
from ichdag.classification.validation import cross_validate, fit_final, predict
from ichdag.constants import CLASSIFIERS
from ichdag.jobs import StudyError
from ichdag.stratified_folds import draw_folds

OUTCOME = "poor_outcome"
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def drawn(cohort):
    labels = cohort.assign(outcome=OUTCOME)[["subject", "outcome", OUTCOME]].rename(columns={OUTCOME: "label"})
    return draw_folds(
        labels, earlier=pd.DataFrame(columns=["subject", "outcome", "fold"]), persons={}, count=5, repeats=1, seed=0
    )


def predictions(table, cohort, settings, classifier):
    """Out-of-fold predictions on the same columns in every fold, folds drawn as a study draws them, and the card."""
    config = ClassifierConfig(classifier, settings, seed=0, threads=1)
    label_table = development_labels(cohort, folds=drawn(cohort), outcome=OUTCOME, min_count=config.min_count)
    X_by_fold = dict.fromkeys([*"01234", "final"], table)
    rows, seen = cross_validate(X_by_fold, labels=label_table, config=config, outcome=OUTCOME, features="shape")
    models = {"shape": fit_final(X_by_fold, labels=label_table, config=config)}
    return rows, classifier_card(config, models=models, labels=label_table, folds=seen, outcome=OUTCOME)


def whole(rows):
    return len(rows) == 40 and rows.probability.between(0, 1).all()


@pytest.mark.parametrize("tuning", ["none", "grid"])
@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_an_outcome_with_five_positives_is_one_a_fold_and_everybody_is_predicted(
    classifier, tuning, settings, cohort, tables
):
    rare = cohort.assign(poor_outcome=pd.array([1] * 5 + [0] * 35, dtype="Int64"))
    own = replace(settings, tuning=tuning)
    rows, _ = predictions(feature_matrix(tables, features="shape+segmentation+vaegan"), rare, own, classifier)
    assert whole(rows)
    assert rows.groupby("fold").y_true.sum().tolist() == [1] * 5


def test_an_outcome_with_four_positives_is_refused_with_the_counts_of_the_fold(settings, cohort, tables):
    rare = cohort.assign(poor_outcome=pd.array([1] * 4 + [0] * 36, dtype="Int64"))
    with pytest.raises(StudyError, match="cannot be cross-validated.*validation 0 with and 8 without, training 4 with"):
        predictions(feature_matrix(tables, features="shape"), rare, settings, "svm")


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_constant_columns_are_borne(classifier, settings, cohort, tables):
    table = feature_matrix(tables, features="radiomics").assign(constant=1.0, nothing=0.0)
    rows, _ = predictions(table, cohort, settings, classifier)
    assert whole(rows)


def test_columns_that_are_all_constant_are_refused_by_name(settings, cohort, tables):
    table = feature_matrix(tables, features="radiomics") * 0 + 1
    with pytest.raises(StudyError, match="nothing to learn from: none of 3 columns, radiomics_000 first"):
        predictions(table, cohort, settings, "naive_bayes")


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_duplicated_columns_are_borne(classifier, settings, cohort, tables):
    table = feature_matrix(tables, features="radiomics")
    rows, _ = predictions(pd.concat([table, table.add_prefix("again_")], axis=1), cohort, settings, classifier)
    assert whole(rows)
    assert rows[rows.y_true == 1].probability.mean() > rows[rows.y_true == 0].probability.mean() + 0.3


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_missing_and_infinite_cells_are_filled_in_the_fold_and_counted_on_the_card(
    classifier, settings, cohort, tables
):
    holed = tables | {"shape": tables["shape"].copy()}
    holed["shape"].iloc[3, 0] = np.nan
    holed["shape"].iloc[[5, 6], 1] = [np.inf, -np.inf]
    rows, card = predictions(feature_matrix(holed, features="shape"), cohort, settings, classifier)
    assert whole(rows)
    assert card.scores["shape"]["imputed_cells"] == 3


def test_a_column_without_any_value_is_filled_and_changes_nothing_for_trees(settings, cohort, tables):
    table = feature_matrix(tables, features="radiomics")
    plain, _ = predictions(table.assign(nothing=0.0), cohort, settings, "extra_trees")
    empty, card = predictions(table.assign(nothing=np.nan), cohort, settings, "extra_trees")
    assert plain.probability.equals(empty.probability)
    assert card.scores["shape"]["imputed_cells"] == 40


def test_an_infinite_covariate_is_missing(cohort):
    cohort.loc[3, "age"] = np.inf
    assert clinical_matrix(cohort, columns=["age"]).age.isna().sum() == 1


def test_an_external_cohort_without_the_outcome_gets_no_predictions_and_no_error(settings, cohort, tables):
    config = ClassifierConfig("svm", settings, seed=0, threads=1)
    label_table = development_labels(cohort, folds=drawn(cohort), outcome=OUTCOME, min_count=2)
    table = feature_matrix(tables, features="shape")
    model = fit_final({"final": table}, labels=label_table, config=config)
    blank = cohort.assign(poor_outcome=pd.array([None] * 40, dtype="Int64"))
    nobody = external_labels(blank, outcome=OUTCOME)
    rows = predict(model, X=table, labels=nobody, outcome=OUTCOME, features="shape", classifier="svm")
    assert rows.empty and list(rows)[:3] == ["cohort", "subject", "outcome"]
