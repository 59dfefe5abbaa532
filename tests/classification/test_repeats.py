"""Several cross-validations of the same participants: every repeat has everybody once, and no fit sees its own fold."""

import numpy as np
import pandas as pd
import pytest

from ichdag.classification.classifiers import ClassifierConfig, classifier_card
from ichdag.classification.feature_matrices import comparator_matrices, feature_matrix
from ichdag.classification.label_tables import development_labels, first_repeat, oracle_predictions
from ichdag.classification.validation import cross_validate, fit_final, fit_folds
from ichdag.jobs import StudyError

NAMES = {"outcome": "poor_outcome", "features": "radiomics"}
ALL = [*map(str, range(10)), "final"]


@pytest.fixture
def twice(folds):
    """Folds 0 to 4 as ever, and 5 to 9 with others in them."""
    return pd.concat([folds, folds.assign(fold=5 + np.arange(40) // 8)], ignore_index=True)


@pytest.fixture
def label_table(cohort, twice):
    return development_labels(cohort, folds=twice, outcome="poor_outcome", min_count=2)


@pytest.fixture
def X_by_fold(tables):
    return dict.fromkeys(ALL, feature_matrix(tables, features="radiomics"))


def config(settings, name="naive_bayes"):
    return ClassifierConfig(name, settings, seed=0, threads=1)


def test_everybody_has_a_row_for_each_repeat_and_everybody_once_is_everybody(label_table, cohort):
    assert len(label_table) == 80 and label_table.groupby("subject").size().eq(2).all()
    assert list(first_repeat(label_table).index) == sorted(cohort.subject)


def test_every_fit_sees_everybody_outside_its_fold_once_and_nobody_inside(settings, label_table, X_by_fold):
    for fold, own in fit_folds(X_by_fold, labels=label_table, config=config(settings)).items():
        inside = set(label_table.index[label_table.fold == fold])
        assert len(own.subjects) == len(set(own.subjects)) and set(own.subjects) == set(label_table.index) - inside


@pytest.mark.parametrize("name", ["naive_bayes", "extra_trees", "svm"])
def test_the_first_repeat_is_the_cross_validation_alone_to_the_byte(
    name, settings, cohort, folds, label_table, X_by_fold
):
    alone = development_labels(cohort, folds=folds, outcome="poor_outcome", min_count=2)
    one, _ = cross_validate(X_by_fold, labels=alone, config=config(settings, name), **NAMES)
    both, seen = cross_validate(X_by_fold, labels=label_table, config=config(settings, name), **NAMES)
    first = both[both.fold.astype(int) < 5].reset_index(drop=True)
    assert first.equals(one) and len(both) == 80 and len(seen) == 10
    second = both[both.fold.astype(int) >= 5]
    assert sorted(second.subject) == sorted(cohort.subject)
    assert not np.array_equal(first.set_index("subject").probability[second.subject], second.probability)


def test_the_final_model_and_its_card_know_everybody_once(settings, cohort, folds, label_table, X_by_fold):
    alone = development_labels(cohort, folds=folds, outcome="poor_outcome", min_count=2)
    one, other = (fit_final(X_by_fold, labels=group, config=config(settings)) for group in (alone, label_table))
    assert np.array_equal(one["classify"].theta_, other["classify"].theta_)
    card = classifier_card(
        config(settings), models={"radiomics": other}, labels=label_table, folds={}, outcome="poor_outcome"
    )
    assert card.subjects == sorted(cohort.subject)


def test_the_comparators_and_the_known_truth_are_there_in_every_repeat(settings, cohort, label_table):
    (truth,) = oracle_predictions(
        label_table, cohort=cohort.assign(oracle_poor_outcome=[None, *[0.5] * 39]), outcome="poor_outcome"
    )
    assert len(truth) == 78 and not truth.duplicated(["subject", "fold"]).any()
    volume = dict.fromkeys(ALL, comparator_matrices(cohort, columns=[])["volume"])
    result, _ = cross_validate(volume, labels=label_table, config=config(settings, "logistic"), **NAMES)
    assert len(result) == 80 and result.groupby("subject").fold.nunique().eq(2).all()


def test_a_thin_fold_of_a_further_repeat_is_named_with_counts_of_people(cohort, twice):
    thin = cohort.assign(poor_outcome=pd.array([1, 0] * 16 + [0] * 8, dtype="Int64"))
    with pytest.raises(StudyError, match="found 40 participants; fold 9: validation 0 with and 8 without, training 16"):
        development_labels(thin, folds=twice, outcome="poor_outcome", min_count=2)
