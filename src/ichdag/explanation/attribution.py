"""SHAP values: how much each column moved a prediction away from the mean prediction of a background sample."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from ichdag.explanation import SAMPLED, Settings
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

    Exact for trees (TreeExplainer) and for elastic net and naive Bayes, whose log-odds are sums over columns; sampled
    over permutations for the SVM. Raises StudyError if `evaluations` is too small for the number of columns.
    Source: Lundberg and Lee 2017; Lundberg et al. 2020; the package shap.
    """
    before, model = pipeline[:-1], pipeline[-1]
    values, others = before.transform(rows), before.transform(background)
    if classifier == "elastic_net":
        return _additive(values * model.coef_[0], others * model.coef_[0], model.intercept_[0])
    if classifier == "naive_bayes":
        prior = float(np.diff(np.log(model.class_prior_))[0])
        return _additive(_naive_bayes_terms(model, values), _naive_bayes_terms(model, others), prior)
    if classifier in SAMPLED:
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
    logs = [-0.5 * (np.log(var) + (values - mean) ** 2 / var) for mean, var in zip(model.theta_, model.var_)]
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


def _sampled(model: Any, values: np.ndarray, others: np.ndarray, settings: Settings, seed: int) -> Attribution:
    import shap

    needed = 2 * values.shape[1] + 1
    if settings.evaluations < needed:
        raise StudyError(
            f"{settings.evaluations} evaluations are too few for {values.shape[1]} columns: "
            f"set config explanation.evaluations to {needed} or more"
        )
    masker = shap.maskers.Independent(others, max_samples=len(others))
    explainer = shap.explainers.Permutation(model.decision_function, masker, seed=seed)
    found = explainer(values, max_evals=settings.evaluations, silent=True)
    return Attribution(found.values, float(np.mean(found.base_values)), model.decision_function(values))
