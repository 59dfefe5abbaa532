"""SHAP values: how much each column moves a prediction away from the mean prediction of a background sample."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from ichdag.explanation import ExplanationSettings
from ichdag.jobs import StudyError

FORESTS = ("random_forest", "extra_trees")


@dataclass(frozen=True)
class ShapExplanation:
    """SHAP values (n, p), the mean output of the background, and the output (n,): their sum with the base value.

    The output is the probability for forests, the log-odds for XGBoost, elastic net and naive Bayes, and the signed
    distance from the boundary for the SVM: shares are comparable between classifiers, absolute values are not.
    """

    values: np.ndarray
    base_value: float
    output: np.ndarray


def shap_values(
    pipeline: Pipeline,
    *,
    classifier: str,
    X: pd.DataFrame,
    background: pd.DataFrame,
    settings: ExplanationSettings,
    seed: int,
) -> ShapExplanation:
    """Compute interventional SHAP values of the rows of X against background rows (columns are taken as independent).

    They are exact for trees (TreeExplainer of the package shap), and for elastic net and naive Bayes, whose log-odds
    are sums over columns. For the SVM they are sampled over permutations of the columns. Raises StudyError if
    `evaluations` is too small for the number of columns. Source: Lundberg and Lee 2017; Lundberg et al. 2020 (trees);
    Mitchell et al. 2022 (antithetic permutations).
    """
    preprocessing = pipeline[:-1]
    model = pipeline[-1]
    values = preprocessing.transform(X)
    background_values = preprocessing.transform(background)
    if classifier == "elastic_net":
        return _additive_shap(values * model.coef_[0], background_values * model.coef_[0], model.intercept_[0])
    if classifier == "naive_bayes":
        prior = float(np.diff(np.log(model.class_prior_))[0])
        return _additive_shap(_naive_bayes_terms(model, values), _naive_bayes_terms(model, background_values), prior)
    if classifier == "svm":
        return _permutation_shap(model.calibrated_classifiers_[0].estimator, values, background_values, settings, seed)
    return _tree_shap(model, values, background_values, forest=classifier in FORESTS)


def sample_rows(table: pd.DataFrame, *, count: int, seed: int) -> pd.DataFrame:
    """Draw at most `count` rows without replacement, in the order of the table."""
    drawn = np.random.default_rng(seed).permutation(len(table))[:count]
    return table.iloc[np.sort(drawn)]


def _additive_shap(terms: np.ndarray, background_terms: np.ndarray, constant: float) -> ShapExplanation:
    """Return exact SHAP values of a sum of one term per column: each term minus its mean over the background."""
    return ShapExplanation(
        terms - background_terms.mean(axis=0),
        float(background_terms.sum(axis=1).mean() + constant),
        terms.sum(axis=1) + constant,
    )


def _naive_bayes_terms(model: Any, values: np.ndarray) -> np.ndarray:
    """Return the log likelihood ratio of each cell under the two Gaussians of its column."""
    log_likelihoods = [
        -0.5 * (np.log(var) + (values - mean) ** 2 / var) for mean, var in zip(model.theta_, model.var_, strict=True)
    ]
    return log_likelihoods[1] - log_likelihoods[0]


def _tree_shap(model: Any, values: np.ndarray, background_values: np.ndarray, *, forest: bool) -> ShapExplanation:
    import shap

    explainer = shap.TreeExplainer(model, background_values, feature_perturbation="interventional", model_output="raw")
    tree_values = explainer.shap_values(values, check_additivity=False)
    if forest:
        return ShapExplanation(
            tree_values[..., 1], float(explainer.expected_value[1]), model.predict_proba(values)[:, 1]
        )
    return ShapExplanation(
        tree_values, float(explainer.expected_value), model.predict(values, output_margin=True).astype(np.float64)
    )


def _permutation_shap(
    model: SVC, values: np.ndarray, background_values: np.ndarray, settings: ExplanationSettings, seed: int
) -> ShapExplanation:
    """Sample SHAP values of an SVM with RBF kernel over random permutations of the columns, each also reversed.

    A step changes one column, so that only one term of each squared distance changes: the kernel is updated.
    """
    permutations = settings.evaluations // (2 * values.shape[1])
    if permutations == 0:
        raise StudyError(
            f"{settings.evaluations} evaluations are too few for {values.shape[1]} columns: "
            f"set config explanation.evaluations to {2 * values.shape[1]} or more"
        )
    random = np.random.default_rng(seed)
    sampled = np.zeros(values.shape)
    for number, row in enumerate(values):
        for order in random.permuted(np.tile(np.arange(values.shape[1]), (permutations, 1)), axis=1):
            forward = _marginal_contributions(model, row, background_values, order)
            backward = _marginal_contributions(model, row, background_values, order[::-1])
            sampled[number] += (forward + backward) / (2 * permutations)
    return ShapExplanation(
        sampled, float(model.decision_function(background_values).mean()), model.decision_function(values)
    )


def _fitted_gamma(model: SVC) -> float:
    """Return the kernel width that a fitted SVC uses, which scikit-learn keeps in a private attribute only.

    With gamma='scale' it depends on the training rows, so it cannot be computed from the public attributes.
    """
    return float(model._gamma)


def _marginal_contributions(
    model: SVC, row: np.ndarray, background_values: np.ndarray, order: np.ndarray
) -> np.ndarray:
    """Return what each column adds (mean over the background) if its value becomes that of the row, in this order."""
    support = model.support_vectors_
    weights = model.dual_coef_[0]
    gamma = _fitted_gamma(model)
    distance = cdist(background_values, support, "sqeuclidean")
    before = (np.exp(-gamma * distance) @ weights).mean()
    contributions = np.empty(len(row))
    for column in order:
        distance += (row[column] - support[:, column]) ** 2 - (
            background_values[:, column, None] - support[:, column]
        ) ** 2
        after = (np.exp(-gamma * distance) @ weights).mean()
        contributions[column], before = after - before, after
    return contributions
