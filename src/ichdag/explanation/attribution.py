"""SHAP values: how much each column moved a prediction away from the mean prediction of a background sample."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from ichdag.explanation import Settings
from ichdag.jobs import StudyError

FORESTS = ("random_forest", "extra_trees")


@dataclass(frozen=True)
class Attribution:
    """SHAP values (n, p), the mean output of the background, and the output (n,) that they add up to.

    The output is the probability for forests, the log-odds for XGBoost, elastic net and naive Bayes, and the signed
    distance from the boundary for the SVM: shares of a classifier's importance are comparable, sizes are not.
    """

    values: np.ndarray
    base: float
    output: np.ndarray


def attribute(
    pipeline: Pipeline, *, classifier: str, rows: pd.DataFrame, background: pd.DataFrame, settings: Settings, seed: int
) -> Attribution:
    """Interventional SHAP values of these rows against the background rows (columns are taken as independent).

    Exact for trees (TreeExplainer of the package shap) and for elastic net and naive Bayes, whose log-odds are sums
    over columns; sampled over orders of the columns for the SVM. Raises StudyError if `evaluations` is too small for
    the number of columns. Source: Lundberg and Lee 2017; Lundberg et al. 2020 (trees); Mitchell et al. 2022 (orders
    walked there and back).
    """
    before, model = pipeline[:-1], pipeline[-1]
    values, others = before.transform(rows), before.transform(background)
    if classifier == "elastic_net":
        return _additive(values * model.coef_[0], others * model.coef_[0], model.intercept_[0])
    if classifier == "naive_bayes":
        prior = float(np.diff(np.log(model.class_prior_))[0])
        return _additive(_naive_bayes_terms(model, values), _naive_bayes_terms(model, others), prior)
    if classifier == "svm":
        return _sampled(model.calibrated_classifiers_[0].estimator, values, others, settings, seed)
    return _trees(model, values, others, forest=classifier in FORESTS)


def sample_rows(table: pd.DataFrame, *, count: int, seed: int) -> pd.DataFrame:
    """At most `count` rows, drawn without replacement, in the table's order."""
    drawn = np.random.default_rng(seed).permutation(len(table))[:count]
    return table.iloc[np.sort(drawn)]


def _additive(terms: np.ndarray, others: np.ndarray, constant: float) -> Attribution:
    """Exact SHAP values of a sum of one term per column: each term less its mean over the background."""
    return Attribution(
        terms - others.mean(axis=0), float(others.sum(axis=1).mean() + constant), terms.sum(axis=1) + constant
    )


def _naive_bayes_terms(model: Any, values: np.ndarray) -> np.ndarray:
    """Log likelihood ratio of each cell under the two Gaussians of its column."""
    logs = [
        -0.5 * (np.log(var) + (values - mean) ** 2 / var) for mean, var in zip(model.theta_, model.var_, strict=True)
    ]
    return logs[1] - logs[0]


def _trees(model: Any, values: np.ndarray, others: np.ndarray, *, forest: bool) -> Attribution:
    import shap

    explainer = shap.TreeExplainer(model, others, feature_perturbation="interventional", model_output="raw")
    found = explainer.shap_values(values, check_additivity=False)
    if forest:
        return Attribution(found[..., 1], float(explainer.expected_value[1]), model.predict_proba(values)[:, 1])
    return Attribution(
        found, float(explainer.expected_value), model.predict(values, output_margin=True).astype(np.float64)
    )


def _sampled(model: SVC, values: np.ndarray, others: np.ndarray, settings: Settings, seed: int) -> Attribution:
    """SHAP values of an RBF machine, sampled over random orders of the columns, each walked there and back.

    A step changes one column, so that only one term of each squared distance changes: no kernel is computed anew.
    """
    orders = settings.evaluations // (2 * values.shape[1])
    if orders == 0:
        raise StudyError(
            f"{settings.evaluations} evaluations are too few for {values.shape[1]} columns: "
            f"set config explanation.evaluations to {2 * values.shape[1]} or more"
        )
    random = np.random.default_rng(seed)
    found = np.zeros(values.shape)
    for place, row in enumerate(values):
        for order in random.permuted(np.tile(np.arange(values.shape[1]), (orders, 1)), axis=1):
            found[place] += (_walk(model, row, others, order) + _walk(model, row, others, order[::-1])) / (2 * orders)
    return Attribution(found, float(model.decision_function(others).mean()), model.decision_function(values))


def _walk(model: SVC, row: np.ndarray, others: np.ndarray, order: np.ndarray) -> np.ndarray:
    """What each column adds, mean over the background, when its value is swapped for the row's in this order."""
    support, weights = model.support_vectors_, model.dual_coef_[0]
    distance = cdist(others, support, "sqeuclidean")
    before = (np.exp(-model._gamma * distance) @ weights).mean()
    added = np.empty(len(row))
    for column in order:
        distance += (row[column] - support[:, column]) ** 2 - (others[:, column, None] - support[:, column]) ** 2
        after = (np.exp(-model._gamma * distance) @ weights).mean()
        added[column], before = after - before, after
    return added
