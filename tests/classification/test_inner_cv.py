"""Inner folds: stratified, the same as before where everybody is a person, and no person on both sides."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from ichdag.classification import classifiers
from ichdag.classification.classifiers import ClassifierConfig, build, fit
from ichdag.classification.feature_matrices import feature_matrix
from ichdag.classification.inner_cv import inner_folds
from ichdag.classification.label_tables import development_labels, external_labels
from ichdag.jobs import StudyError

LABELS = pd.Series(np.tile([0, 1, 0], 10))
ALONE = pd.Series([f"s{number:02d}" for number in range(30)])
TWINS = ALONE.map(lambda subject: f"person {int(subject[1:]) // 2}")


@pytest.mark.parametrize("seed", [None, 4])
def test_where_everybody_is_a_person_the_folds_are_scikit_learns_stratified_ones(seed):
    expected = StratifiedKFold(5, shuffle=seed is not None, random_state=seed).split(np.zeros((30, 1)), LABELS)
    for ours, theirs in zip(inner_folds(LABELS, persons=ALONE, count=5, seed=seed), expected, strict=True):
        assert np.array_equal(ours[0], theirs[0]) and np.array_equal(ours[1], theirs[1])


@pytest.mark.parametrize("seed", range(8))
def test_two_scans_of_one_person_are_never_on_both_sides_and_every_row_is_validated_once(seed):
    splits = inner_folds(LABELS, persons=TWINS, count=5, seed=seed)
    assert sorted(np.concatenate([validation for _, validation in splits])) == list(range(30))
    for training, validation in splits:
        assert not set(TWINS[training]) & set(TWINS[validation])
        assert LABELS[training].nunique() == LABELS[validation].nunique() == 2
    plain = inner_folds(LABELS, persons=ALONE, count=5, seed=seed)
    assert any(set(TWINS[training]) & set(TWINS[validation]) for training, validation in plain)


def test_fewer_folds_are_made_where_a_class_has_fewer_persons():
    labels = pd.Series([1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    persons = pd.Series(list("aabbcdefgh"))
    assert len(inner_folds(labels, persons=persons, count=5, seed=0)) == 2


def test_a_class_that_is_one_person_is_refused_with_the_counts():
    labels = pd.Series([1, 1, 1, 1, 0, 0, 0, 0])
    with pytest.raises(StudyError, match="1 persons with and 4 without the outcome among 8"):
        inner_folds(labels, persons=pd.Series(list("aaaabcde")), count=5, seed=0)


@pytest.fixture
def label_table(cohort, folds):
    """Forty participants; the sheet says that each two neighbors of one label are one person."""
    return development_labels(twins(cohort), folds=folds, outcome="poor_outcome", min_count=4)


def twins(cohort):
    return cohort.assign(person_id=[f"p{number // 4}-{number % 2}" for number in range(40)])


def test_the_person_of_the_sheet_goes_with_the_labels(cohort, label_table):
    assert label_table.person.nunique() == 20
    assert label_table.person["s00"] == label_table.person["s02"] != label_table.person["s01"]
    some = twins(cohort).assign(person_id=lambda table: table.person_id.where(table.subject < "s04"))
    result = external_labels(some, outcome="poor_outcome").person
    assert result.nunique() == 38
    assert external_labels(cohort, outcome="poor_outcome").person.tolist() == cohort.subject.tolist()


@pytest.mark.parametrize("classifier", ["svm", "elastic_net"])
def test_the_grid_and_the_svms_calibration_see_no_person_on_both_sides(
    classifier, settings, label_table, tables, monkeypatch
):
    used = []

    def watched(*arguments, cv, **named):
        used.extend(cv)
        return GridSearchCV(*arguments, cv=cv, **named)

    monkeypatch.setattr(classifiers, "GridSearchCV", watched)
    config = ClassifierConfig(classifier, replace(settings, tuning="grid"), seed=0, threads=1)
    table = feature_matrix(tables, features="radiomics").loc[label_table.index]
    model = fit(config, X=table, y=label_table.y_true, persons=label_table.person)
    used += model["classify"].cv if classifier == "svm" else []
    assert len(used) == (6 if classifier == "svm" else 3)
    for training, validation in used:
        assert not set(label_table.person.iloc[training]) & set(label_table.person.iloc[validation])


@pytest.mark.parametrize("classifier", ["svm", "elastic_net"])
def test_the_chosen_model_is_the_one_that_scikit_learns_search_refits(classifier, settings, cohort, folds, tables):
    label_table = development_labels(cohort, folds=folds, outcome="poor_outcome", min_count=4)
    table = feature_matrix(tables, features="vaegan").loc[label_table.index]
    config = ClassifierConfig(classifier, replace(settings, tuning="grid"), seed=3, threads=1)
    ours = fit(config, X=table, y=label_table.y_true, persons=label_table.person)
    prefix = "classify__estimator__" if classifier == "svm" else "classify__"
    space = {f"{prefix}C": settings.grid[classifier]["C"]}
    inner = StratifiedKFold(3, shuffle=True, random_state=3)
    search = GridSearchCV(build(config, smaller_class=20), space, scoring="roc_auc", cv=inner)
    theirs = search.fit(table, label_table.y_true).best_estimator_
    assert np.array_equal(ours.predict_proba(table), theirs.predict_proba(table))
