"""Build and fit the classifiers as pipelines; all that they learn is learned from the rows of `fit`."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.class_weight import compute_sample_weight
from xgboost import XGBClassifier

from ichdag.classification import ClassificationSettings
from ichdag.classification.inner_cv import inner_folds, is_shared
from ichdag.classification.platt_scaling import enforce_rising_curve, is_flat
from ichdag.jobs import StudyError
from ichdag.models import ModelCard

LOGISTIC = "logistic"
SCALED = ("elastic_net", "svm", LOGISTIC)


@dataclass(frozen=True)
class ClassifierConfig:
    """Configuration of one classifier: its name, the settings of the stage, the seed and the number of threads."""

    classifier: str
    settings: ClassificationSettings
    seed: int
    threads: int

    @property
    def min_count(self) -> int:
        """Smallest number of each class in a training part: two for calibration folds, four for a grid search."""
        return 4 if self.settings.tuning == "grid" else 2


def build(config: ClassifierConfig, *, smaller_class: int) -> Pipeline:
    """Build an unfitted pipeline: impute, standardize if needed, classify. `smaller_class` counts the rarer label.

    ASSUME: missing shape features get the median of the training rows; elastic net and SVM get standardized columns,
    trees and naive Bayes the columns as they are.
    """
    steps: list[tuple[str, Any]] = [("impute", SimpleImputer(strategy="median", keep_empty_features=True))]
    if config.classifier in SCALED:
        steps.append(("scale", StandardScaler()))
    return Pipeline([*steps, ("classify", _make_estimator(config, smaller_class=smaller_class))])


def fit(config: ClassifierConfig, *, X: pd.DataFrame, y: pd.Series, persons: pd.Series) -> Pipeline:
    """Fit one classifier on these rows; with tuning 'grid', after a grid search in inner stratified folds.

    `persons` has the person of each row: inner folds and the SVM's calibration folds keep the rows of a person
    together. Raises StudyError if no column differs between the rows, or if no such inner folds exist.
    ASSUME: the grid search maximizes AUC. The inner folds share the reduction of the outer training part, which uses
    no labels.
    """
    if (X.nunique() < 2).all():
        raise StudyError(
            f"{config.classifier} has nothing to learn from: none of {X.shape[1]} columns, {X.columns[0]} "
            f"first, differs between the {len(X)} training participants. "
            "Look at results/radiomics and results/features"
        )
    smaller_class = int(y.value_counts().min())
    pipeline = build(config, smaller_class=smaller_class)
    weights = {f"classify__{name}": values for name, values in balanced_weights(config, y).items()}
    if config.settings.tuning == "grid":
        inner_cv = inner_folds(y, persons=persons, count=config.settings.tuning_folds, seed=config.seed)
        prefix = "classify__estimator__" if config.classifier == "svm" else "classify__"
        grid = {f"{prefix}{name}": values for name, values in config.settings.grid.get(config.classifier, {}).items()}
        search = GridSearchCV(pipeline, grid, scoring="roc_auc", cv=inner_cv, refit=False)
        pipeline.set_params(**search.fit(X, y, **weights).best_params_)
    if config.classifier == "svm" and is_shared(persons):
        count = pipeline["classify"].cv.n_splits
        pipeline.set_params(classify__cv=inner_folds(y, persons=persons, count=count, seed=None))
    pipeline.fit(X, y, **weights)
    if config.classifier == "svm":
        enforce_rising_curve(pipeline["classify"], y.to_numpy(), **balanced_weights(config, y))
    return _with_imputed_cells(pipeline, X)


def balanced_weights(config: ClassifierConfig, y: pd.Series) -> dict[str, np.ndarray]:
    """Compute the keyword arguments of `fit`: with class_weights 'balanced' a weight for each row, otherwise none."""
    if config.settings.class_weights == "none":
        return {}
    return {"sample_weight": compute_sample_weight("balanced", y)}


def classifier_card(
    config: ClassifierConfig,
    *,
    models: dict[str, Pipeline],
    labels: pd.DataFrame,
    folds: dict[str, list[str]],
    outcome: str,
) -> ModelCard:
    """Describe the models of one outcome and classifier: training subjects by fold, settings, tuning."""
    settings = config.settings.classifiers[config.classifier]
    tuning = {"seed": config.seed, "tuning": config.settings.tuning, "class_weights": config.settings.class_weights}
    columns = {features: list(model.feature_names_in_) for features, model in models.items()}
    scores = {features: _describe_fit(config, model) for features, model in models.items()}
    name = f"{outcome} {config.classifier}"
    return ModelCard(name, settings | tuning, list(labels.index.unique()), {"columns": columns}, scores, folds=folds)


def _describe_fit(config: ClassifierConfig, model: Pipeline) -> dict[str, Any]:
    """Report the values chosen by tuning, the number of imputed cells, and whether an iterative solver converged."""
    estimator = model["classify"].estimator if config.classifier == "svm" else model["classify"]
    scores = {name: estimator.get_params()[name] for name in config.settings.grid.get(config.classifier, {})}
    scores["imputed_cells"] = model.imputed_cells_
    if config.classifier == "svm":
        scores["flat_probabilities"] = is_flat(model["classify"])
    if isinstance(estimator, LogisticRegression):
        scores["converged"] = bool(np.all(estimator.n_iter_ < estimator.max_iter))
    return scores


def _with_imputed_cells(model: Pipeline, X: pd.DataFrame) -> Pipeline:
    """Store the number of missing cells in the training rows on the model.

    The card is written later from the model alone, and no attribute of scikit-learn keeps this number.
    """
    model.imputed_cells_ = int(X.isna().to_numpy().sum())
    return model


def _make_estimator(config: ClassifierConfig, *, smaller_class: int) -> Any:
    """Create the unfitted classifier, without imputation and scaling."""
    name = config.classifier
    values = config.settings.classifiers[name]
    if name == LOGISTIC:
        return LogisticRegression(**values)
    if name == "naive_bayes":
        return GaussianNB(**values)
    if name == "elastic_net":
        return LogisticRegression(**values, random_state=config.seed)
    if name == "svm":
        if config.settings.calibration_folds is None:
            raise ValueError("settings of an SVM need calibration_folds")
        folds = max(2, min(config.settings.calibration_folds, smaller_class // 2))
        return CalibratedClassifierCV(SVC(**values), method="sigmoid", cv=StratifiedKFold(folds), ensemble=False)
    classes = {"random_forest": RandomForestClassifier, "extra_trees": ExtraTreesClassifier, "xgboost": XGBClassifier}
    return classes[name](**values, random_state=config.seed, n_jobs=config.threads)
