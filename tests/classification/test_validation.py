"""Cross-validation: no look at the validation fold, all classifiers, the same bytes twice, thin folds refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ichdag.classification.classifiers import ClassifierConfig, build, classifier_card, fit
from ichdag.classification.feature_matrices import comparator_matrices, feature_matrix
from ichdag.classification.label_tables import development_labels, external_labels, oracle_predictions
from ichdag.classification.validation import cross_validate, fit_final, predict, select_rows
from ichdag.constants import CLASSIFIERS
from ichdag.jobs import StudyError

NAMES = {"outcome": "poor_outcome", "features": "radiomics"}


@pytest.fixture
def label_table(cohort, folds):
    return development_labels(cohort, folds=folds, outcome="poor_outcome", min_count=2)


@pytest.fixture
def X_by_fold(tables):
    return dict.fromkeys(["0", "1", "2", "3", "4", "final"], feature_matrix(tables, features="radiomics"))


@pytest.mark.parametrize("classifier", [*CLASSIFIERS, "logistic"])
def test_every_classifier_finds_a_plain_signal_out_of_fold(classifier, settings, label_table, X_by_fold):
    config = ClassifierConfig(classifier, settings, seed=0, threads=1)
    table, _ = cross_validate(X_by_fold, labels=label_table, config=config, **NAMES)
    assert sorted(table.subject) == sorted(label_table.index)
    assert table.probability.between(0, 1).all()
    assert table[table.y_true == 1].probability.mean() > table[table.y_true == 0].probability.mean() + 0.3


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_the_same_seed_gives_the_same_bytes(classifier, settings, label_table, X_by_fold):
    config = ClassifierConfig(classifier, settings, seed=3, threads=1)
    one, other = (cross_validate(X_by_fold, labels=label_table, config=config, **NAMES)[0] for _ in range(2))
    assert one.probability.to_numpy().tobytes() == other.probability.to_numpy().tobytes()


def test_a_validation_row_is_predicted_by_a_model_that_has_not_seen_it(settings, label_table, X_by_fold):
    config = ClassifierConfig("extra_trees", settings, seed=0, threads=1)
    before = cross_validate(X_by_fold, labels=label_table, config=config, **NAMES)[0].set_index("subject").probability
    changed = label_table.copy()
    changed.loc[label_table.fold == "2", "y_true"] = 1 - label_table.y_true
    after = cross_validate(X_by_fold, labels=changed, config=config, **NAMES)[0].set_index("subject").probability
    inside = label_table.index[label_table.fold == "2"]
    assert before[inside].equals(after[inside])
    assert not before.drop(inside).equals(after.drop(inside))


def test_each_fold_is_predicted_from_the_features_reduced_for_it(settings, label_table, X_by_fold):
    config = ClassifierConfig("naive_bayes", settings, seed=0, threads=1)
    before = cross_validate(X_by_fold, labels=label_table, config=config, **NAMES)[0].set_index("subject").probability
    blunted = X_by_fold | {"1": X_by_fold["1"].assign(radiomics_000=0.5)}
    after = cross_validate(blunted, labels=label_table, config=config, **NAMES)[0].set_index("subject").probability
    assert set(before.index[before != after]) == set(label_table.index[label_table.fold == "1"])


def test_missing_shape_cells_get_the_median_of_the_training_rows(settings, label_table, tables):
    holed = feature_matrix(tables, features="shape").copy()
    holed.iloc[4, 0] = np.nan
    config = ClassifierConfig("extra_trees", settings, seed=0, threads=1)
    model = fit(config, X=select_rows(holed, label_table), y=label_table.y_true, persons=label_table.person)
    assert model["impute"].statistics_[0] == holed.iloc[:, 0].median()
    assert not np.isnan(model.predict_proba(holed)).any()


def test_trees_see_columns_as_they_are_and_elastic_net_standardized(settings):
    steps = {
        name: list(build(ClassifierConfig(name, settings, 0, 1), smaller_class=9).named_steps) for name in CLASSIFIERS
    }
    assert [name for name, parts in steps.items() if "scale" in parts] == ["elastic_net", "svm"]


def test_the_settings_of_the_paper_reach_the_libraries(settings):
    model = build(ClassifierConfig("elastic_net", settings, 5, 1), smaller_class=9)["classify"]
    assert (model.l1_ratio, model.solver, model.random_state) == (0.5, "saga", 5)
    forest = build(ClassifierConfig("random_forest", settings, 5, 2), smaller_class=9)["classify"]
    assert (forest.n_estimators, forest.random_state, forest.n_jobs) == (10, 5, 2)


def test_a_grid_is_searched_inside_the_training_part(settings, label_table, X_by_fold):
    config = ClassifierConfig("svm", replace(settings, tuning="grid"), seed=0, threads=1)
    model = fit_final(X_by_fold, labels=label_table, config=config)
    card = classifier_card(config, models={"radiomics": model}, labels=label_table, folds={}, outcome="poor_outcome")
    assert card.scores["radiomics"]["C"] in (0.1, 10.0)
    assert card.subjects == list(label_table.index)
    assert card.limits["columns"]["radiomics"] == ["radiomics_000", "radiomics_001", "radiomics_002"]


@pytest.mark.parametrize("tuning", ["none", "grid"])
@pytest.mark.parametrize("classifier", ["random_forest", "xgboost", "naive_bayes", "elastic_net", "svm", "logistic"])
def test_balanced_weights_raise_the_risk_that_a_rare_outcome_is_given(
    classifier, tuning, settings, label_table, tables
):
    rare = label_table.copy()
    rare["y_true"] = (np.arange(40) % 5 == 1).astype(int)
    noise = {"final": feature_matrix(tables, features="vaegan")}
    means = []
    for weights in ("none", "balanced"):
        own = replace(settings, class_weights=weights, tuning=tuning)
        model = fit_final(noise, labels=rare, config=ClassifierConfig(classifier, own, seed=0, threads=1))
        fresh = pd.DataFrame(np.random.default_rng(3).uniform(size=(200, 3)), columns=noise["final"].columns)
        means.append(model.predict_proba(fresh)[:, 1].mean())
    assert means[1] > means[0] + 0.02


def test_balanced_weights_reach_extra_trees_where_leaves_are_not_pure(settings, label_table, tables):
    rare = label_table.assign(y_true=(np.arange(40) % 5 == 1).astype(int))
    noise = {"final": feature_matrix(tables, features="vaegan")}
    shallow = settings.classifiers | {"extra_trees": {"n_estimators": 10, "max_depth": 2}}
    means = [
        fit_final(noise, labels=rare, config=ClassifierConfig("extra_trees", own, seed=0, threads=1))
        .predict_proba(noise["final"])[:, 1]
        .mean()
        for own in (replace(settings, classifiers=shallow, class_weights=kind) for kind in ("none", "balanced"))
    ]
    assert means[1] > means[0] + 0.1


def test_a_fold_without_events_is_refused_with_its_counts(cohort, folds):
    thin = cohort.assign(poor_outcome=pd.array([1, 1, 1, 1] + [0] * 36, dtype="Int64"))
    with pytest.raises(StudyError, match="fold 2: validation 0 with and 8 without, training 4 with"):
        development_labels(thin, folds=folds, outcome="poor_outcome", min_count=2)


def test_an_outcome_nobody_has_is_refused(cohort, folds):
    blank = cohort.assign(poor_outcome=pd.array([None] * 40, dtype="Int64"))
    with pytest.raises(StudyError, match="found 0 participants"):
        development_labels(blank, folds=folds, outcome="poor_outcome", min_count=2)


def test_a_participant_without_outcome_is_left_out_and_nobody_else(cohort, folds):
    cohort.loc[7, "poor_outcome"] = pd.NA
    label_table = development_labels(cohort, folds=folds, outcome="poor_outcome", min_count=2)
    assert sorted(set(cohort.subject) - set(label_table.index)) == ["s07"]


def test_an_external_cohort_without_the_outcome_gets_no_rows(settings, cohort, label_table, X_by_fold):
    config = ClassifierConfig("naive_bayes", settings, seed=0, threads=1)
    model = fit_final(X_by_fold, labels=label_table, config=config)
    nobody = external_labels(cohort.assign(poor_outcome=pd.array([None] * 40, dtype="Int64")), outcome="poor_outcome")
    assert predict(model, X=X_by_fold["final"], labels=nobody, classifier="naive_bayes", **NAMES).empty


def test_external_rows_are_marked_external(settings, cohort, label_table, X_by_fold):
    model = fit_final(
        X_by_fold, labels=label_table, config=ClassifierConfig("naive_bayes", settings, seed=0, threads=1)
    )
    others = external_labels(cohort, outcome="poor_outcome")
    table = predict(model, X=X_by_fold["final"], labels=others, classifier="naive_bayes", **NAMES)
    assert table.fold.unique().tolist() == ["external"] and len(table) == 40


def test_a_participant_without_features_is_named(label_table, X_by_fold):
    with pytest.raises(StudyError, match="no row in the reduced features, s00 first"):
        select_rows(X_by_fold["0"].drop("s00"), label_table)


def test_the_volume_comparator_finds_that_larger_bleeds_fare_worse(settings, cohort, label_table):
    volume = comparator_matrices(cohort, columns=[])["volume"]
    folds = dict.fromkeys(["0", "1", "2", "3", "4"], volume)
    config = ClassifierConfig("logistic", settings, seed=0, threads=1)
    table, _ = cross_validate(folds, labels=label_table, config=config, outcome="poor_outcome", features="volume")
    order = table.set_index("subject").probability.groupby(label_table.y_true).mean()
    assert order[1] > order[0]


def test_the_known_truth_is_one_more_predictor(cohort, label_table):
    (rows,) = oracle_predictions(label_table, cohort=cohort, outcome="poor_outcome")
    assert set(rows.features) == {"oracle"} and set(rows.classifier) == {"known"}
    assert rows.probability.tolist() == [0.2 + 0.6 * label for label in rows.y_true]
    assert oracle_predictions(label_table, cohort=cohort, outcome="expansion_3ml") == []
