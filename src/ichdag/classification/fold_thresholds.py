"""Choose the threshold of a fold's model from its training part alone, without its validation fold."""

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin, clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline

from ichdag.classification.classifiers import ClassifierConfig, balanced_weights
from ichdag.classification.inner_cv import inner_folds, is_shared
from ichdag.classification.platt_scaling import platt_curve
from ichdag.youden import youden_threshold


def choose_threshold(
    model: Pipeline, *, config: ClassifierConfig, X: pd.DataFrame, y: pd.Series, persons: pd.Series
) -> float:
    """Choose Youden's threshold on inner out-of-fold predictions of the training rows."""
    probability = inner_probabilities(model, config=config, X=X, y=y, persons=persons)
    is_known = np.isfinite(probability)
    return youden_threshold(y.to_numpy()[is_known], probability=probability[is_known])


def inner_probabilities(
    model: Pipeline, *, config: ClassifierConfig, X: pd.DataFrame, y: pd.Series, persons: pd.Series
) -> np.ndarray:
    """Predict the n training rows of `model`, each by a fit without that row: probabilities (n,), NaN if none.

    A random forest uses its out-of-bag trees, the SVM its calibration folds; other classifiers are refitted in
    `threshold_folds` inner folds, which keep the rows of a person together. ASSUME: extra trees are refitted with half
    as many trees in total, as their number does not change the mean probability; inner fits use the tuned settings
    and the medians and scales of the whole training part, which use no labels.
    """
    X_imputed = model[:-1].transform(X)
    estimator = model[-1]
    if config.classifier == "random_forest" and not is_shared(persons):
        return _out_of_bag(estimator, X_imputed)
    weights = balanced_weights(config, y)
    if config.classifier == "svm":
        scores = cross_val_predict(
            estimator.estimator, X_imputed, y, cv=estimator.cv, params=weights, method="decision_function"
        )
        return platt_curve(estimator).predict(scores)
    folds = inner_folds(y, persons=persons, count=config.settings.threshold_folds, seed=config.seed)
    unfitted = _with_fewer_trees(clone(estimator), len(folds))
    return cross_val_predict(unfitted, X_imputed, y, cv=folds, params=weights, method="predict_proba")[:, 1]


def _out_of_bag(forest: RandomForestClassifier, X: np.ndarray) -> np.ndarray:
    """Average the trees that did not draw a row (n,); NaN for a row that all trees drew."""
    probability_sum = np.zeros(len(X))
    tree_counts = np.zeros(len(X))
    X = X.astype(np.float32)
    for tree, in_bag in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        out_of_bag = np.ones(len(X), dtype=bool)
        out_of_bag[in_bag] = False
        probability_sum[out_of_bag] += tree.predict_proba(X[out_of_bag], check_input=False)[:, 1]
        tree_counts[out_of_bag] += 1
    return np.divide(probability_sum, tree_counts, out=np.full(len(X), np.nan), where=tree_counts > 0)


def _with_fewer_trees(estimator: ClassifierMixin, folds: int) -> ClassifierMixin:
    """Divide half of the extra trees among the folds; other classifiers stay as they are."""
    if isinstance(estimator, ExtraTreesClassifier):
        estimator.set_params(n_estimators=-(-estimator.n_estimators // (2 * folds)))
    return estimator
