"""The threshold of a fold's model, chosen inside its training part: nothing of its validation fold has touched it."""

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin, clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline

from ichdag.classification.calibration import curve_of
from ichdag.classification.classifiers import Recipe, balanced_weights
from ichdag.classification.inner import inner_folds, is_shared
from ichdag.thresholds import youden


def choose_threshold(
    model: Pipeline, *, recipe: Recipe, design: pd.DataFrame, labels: pd.Series, persons: pd.Series
) -> float:
    """Youden's threshold on predictions of the rows that a model was fitted on, each by a fit that did not see it."""
    probability = inner_probabilities(model, recipe=recipe, design=design, labels=labels, persons=persons)
    known = np.isfinite(probability)
    return youden(labels.to_numpy()[known], probability=probability[known])


def inner_probabilities(
    model: Pipeline, *, recipe: Recipe, design: pd.DataFrame, labels: pd.Series, persons: pd.Series
) -> np.ndarray:
    """Probabilities (n,) of the n rows that `model` was fitted on, each by a fit without it; NaN where there is none.

    Those of a random forest are its out-of-bag ones, those of the SVM come from its calibration folds; the others are
    fitted anew in `threshold_folds` inner folds, which part no person. ASSUME: half as many extra trees are shared
    among the inner folds, as their number moves no probability on average; inner fits have the settings that tuning
    chose and the medians and scales of the whole training part, which no label has touched.
    """
    rows, step = model[:-1].transform(design), model[-1]
    if recipe.classifier == "random_forest" and not is_shared(persons):
        return _out_of_bag(step, rows)
    weights = balanced_weights(recipe, labels)
    if recipe.classifier == "svm":
        scores = cross_val_predict(step.estimator, rows, labels, cv=step.cv, params=weights, method="decision_function")
        return curve_of(step).predict(scores)
    folds = inner_folds(labels, persons=persons, count=recipe.settings.threshold_folds, seed=recipe.seed)
    bare = _lightened(clone(step), len(folds))
    return cross_val_predict(bare, rows, labels, cv=folds, params=weights, method="predict_proba")[:, 1]


def _out_of_bag(forest: RandomForestClassifier, rows: np.ndarray) -> np.ndarray:
    """The mean (n,) of the trees that did not draw a row; NaN for a row that all trees drew."""
    total, trees = np.zeros(len(rows)), np.zeros(len(rows))
    rows = rows.astype(np.float32)
    for tree, drawn in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        left = np.ones(len(rows), dtype=bool)
        left[drawn] = False
        total[left] += tree.predict_proba(rows[left], check_input=False)[:, 1]
        trees[left] += 1
    return np.divide(total, trees, out=np.full(len(rows), np.nan), where=trees > 0)


def _lightened(step: ClassifierMixin, folds: int) -> ClassifierMixin:
    if isinstance(step, ExtraTreesClassifier):
        step.set_params(n_estimators=-(-step.n_estimators // (2 * folds)))
    return step
