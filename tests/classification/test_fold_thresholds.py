"""The threshold of a fold is chosen inside its training part: no model behind it has seen the fold."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from ichdag.classification.classifiers import ClassifierConfig, build, fit
from ichdag.classification.feature_matrices import feature_matrix
from ichdag.classification.fold_thresholds import choose_threshold, inner_probabilities
from ichdag.classification.label_tables import development_labels
from ichdag.classification.schemas import PREDICTIONS
from ichdag.classification.validation import cross_validate
from ichdag.constants import CLASSIFIERS
from ichdag.evaluation.prediction_groups import groups_by_model
from ichdag.tables import read_table, write_table
from ichdag.youden import youden_threshold

NAMES = {"outcome": "poor_outcome", "features": "vaegan"}


@pytest.fixture
def label_table(cohort, folds):
    return development_labels(cohort, folds=folds, outcome="poor_outcome", min_count=2)


@pytest.fixture
def X_by_fold(tables):
    return dict.fromkeys("01234", feature_matrix(tables, features="vaegan"))


@pytest.fixture
def part(X_by_fold, label_table):
    """A training part: rows, labels, and whose they are."""
    return {"X": X_by_fold["0"].loc[label_table.index], "y": label_table.y_true, "persons": label_table.person}


@pytest.mark.parametrize("classifier", [*CLASSIFIERS, "logistic"])
def test_labels_of_a_fold_do_not_move_its_threshold(classifier, settings, label_table, X_by_fold):
    config = ClassifierConfig(classifier, settings, seed=0, threads=1)
    before = cross_validate(X_by_fold, labels=label_table, config=config, **NAMES)[0].set_index("subject").threshold
    held = label_table.fold == "2"
    changed = label_table.assign(y_true=label_table.y_true.where(~held, 1 - label_table.y_true))
    after = cross_validate(X_by_fold, labels=changed, config=config, **NAMES)[0].set_index("subject").threshold
    inside = label_table.index[held]
    assert before[inside].nunique() == 1 and before[inside].equals(after[inside])
    assert not before.drop(inside).equals(after.drop(inside))


@pytest.mark.parametrize("classifier", ["naive_bayes", "xgboost", "elastic_net", "logistic"])
def test_inner_probabilities_are_scikit_learns_of_the_inner_folds(classifier, settings, part):
    config = ClassifierConfig(classifier, settings, seed=3, threads=1)
    model = fit(config, **part)
    bare = build(config, smaller_class=20)["classify"]
    rows, folds = model[:-1].transform(part["X"]), StratifiedKFold(2, shuffle=True, random_state=3)
    expected = cross_val_predict(bare, rows, part["y"], cv=folds, method="predict_proba")[:, 1]
    assert np.array_equal(inner_probabilities(model, config=config, **part), expected)
    assert choose_threshold(model, config=config, **part) == youden_threshold(part["y"], probability=expected)


def test_those_of_a_random_forest_are_its_out_of_bag_ones_by_scikit_learn(settings, part):
    few = settings.classifiers | {"random_forest": {"n_estimators": 4}}
    config = ClassifierConfig("random_forest", replace(settings, classifiers=few), seed=3, threads=1)
    model = fit(config, **part)
    stock = RandomForestClassifier(n_estimators=4, random_state=3, oob_score=True)
    with pytest.warns(UserWarning, match="do not have OOB scores"):
        stock.fit(model[:-1].transform(part["X"]), part["y"])
    expected = stock.oob_decision_function_[:, 1]
    never = np.all(stock.oob_decision_function_ == 0, axis=1)  # drawn by all trees
    result = inner_probabilities(model, config=config, **part)
    assert np.array_equal(np.isnan(result), never | np.isnan(expected))
    np.testing.assert_allclose(result[~np.isnan(result)], expected[~np.isnan(result)], atol=1e-12)
    assert not np.isnan(choose_threshold(model, config=config, **part))


@pytest.mark.parametrize("classifier", ["random_forest", "extra_trees", "svm", "naive_bayes"])
def test_two_scans_of_one_person_are_never_on_both_sides(classifier, settings, label_table, tables):
    """A column that tells who a person is tells the label of the other scan, but not from without."""
    twins = pd.Series([f"p{place // 4}-{place % 2}" for place in range(40)], index=label_table.index)
    codes = pd.factorize(twins)[0]
    random = np.random.default_rng(0)
    known = random.normal(size=(20, 6))[codes]  # the same columns for both scans of a person
    labels = pd.Series(random.permutation(np.repeat([0, 1], 10))[codes], index=label_table.index)
    part = {"X": pd.DataFrame(known, label_table.index, list("abcdef")), "y": labels}
    config = ClassifierConfig(classifier, settings, seed=0, threads=1)
    result = {}
    for name, persons in (("kept", twins), ("parted", label_table.person)):
        model = fit(config, **part, persons=persons)
        inner = inner_probabilities(model, config=config, **part, persons=persons)
        seen = np.isfinite(inner)
        result[name] = inner[seen & (labels == 1)].mean() - inner[seen & (labels == 0)].mean()
    assert result["kept"] < result["parted"] - 0.05 or classifier in ("naive_bayes", "svm") and result["kept"] < 0.15


def test_the_table_carries_the_threshold_of_each_fold_and_the_metrics_use_it(
    settings, label_table, X_by_fold, tmp_path
):
    rows, _ = cross_validate(
        X_by_fold, labels=label_table, config=ClassifierConfig("naive_bayes", settings, seed=0, threads=1), **NAMES
    )
    outside = rows.assign(fold="external", subject="x" + rows.subject, threshold=np.nan)
    write_table(pd.concat([rows, outside]), tmp_path / "predictions.parquet", PREDICTIONS)
    cells = {
        cell.fold: cell for cell in next(groups_by_model(read_table(tmp_path / "predictions.parquet", PREDICTIONS)))
    }
    for fold in "01234":
        assert set(cells[fold].threshold) == set(rows[rows.fold == fold].threshold)
    own = rows.set_index("subject").threshold
    assert cells["pooled"].threshold.tolist() == own[cells["pooled"].subjects].tolist()
    assert set(cells["external"].threshold) == {youden_threshold(rows.y_true, probability=rows.probability.to_numpy())}
