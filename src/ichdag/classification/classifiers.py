"""The classifiers as pipelines, built from the config; everything they learn is learned from the rows of `fit`."""

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

from ichdag.classification import Settings
from ichdag.classification.calibration import hold_ranks, is_flat
from ichdag.classification.inner import inner_folds, is_shared
from ichdag.jobs import StudyError
from ichdag.models import Card

LOGISTIC = "logistic"
SCALED = ("elastic_net", "svm", LOGISTIC)


@dataclass(frozen=True)
class Recipe:
    """How one classifier is fitted: its name, the settings, the seed and the threads it may use."""

    classifier: str
    settings: Settings
    seed: int
    threads: int

    @property
    def fewest(self) -> int:
        """How many of each class a training part must have: two for calibration folds, twice that inside a grid."""
        return 4 if self.settings.tuning == "grid" else 2


def build(recipe: Recipe, *, smaller_class: int) -> Pipeline:
    """An unfitted pipeline: impute, scale where distances matter, classify. `smaller_class` counts the rarer label.

    ASSUME: missing shape features get the median of the training rows; elastic net and SVM see standardized columns,
    trees and naive Bayes the columns as they are.
    """
    steps: list[tuple[str, Any]] = [("impute", SimpleImputer(strategy="median", keep_empty_features=True))]
    if recipe.classifier in SCALED:
        steps.append(("scale", StandardScaler()))
    return Pipeline([*steps, ("classify", _bare(recipe, smaller_class=smaller_class))])


def fit(recipe: Recipe, *, design: pd.DataFrame, labels: pd.Series, persons: pd.Series) -> Pipeline:
    """Fit one classifier on these rows; with tuning 'grid', after choosing its settings in inner stratified folds.

    `persons` says who is behind each row: inner folds and the folds of the SVM's calibration part nobody. Raises
    StudyError if no column differs between the rows, or if inner folds would have to part a person.
    ASSUME: chosen by AUC. The inner folds share the reduction of the outer training part, which no label has touched.
    """
    if (design.nunique() < 2).all():
        raise StudyError(
            f"{recipe.classifier} has nothing to learn from: none of {design.shape[1]} columns, {design.columns[0]} "
            f"first, differs between the {len(design)} training participants. "
            "Look at results/radiomics and results/features"
        )
    smaller = int(labels.value_counts().min())
    pipeline = build(recipe, smaller_class=smaller)
    weights = {f"classify__{name}": values for name, values in balanced_weights(recipe, labels).items()}
    if recipe.settings.tuning == "grid":
        inner = inner_folds(labels, persons=persons, count=recipe.settings.tuning_folds, seed=recipe.seed)
        prefix = "classify__estimator__" if recipe.classifier == "svm" else "classify__"
        space = {f"{prefix}{name}": values for name, values in recipe.settings.grid.get(recipe.classifier, {}).items()}
        search = GridSearchCV(pipeline, space, scoring="roc_auc", cv=inner, refit=False)
        pipeline.set_params(**search.fit(design, labels, **weights).best_params_)
    if recipe.classifier == "svm" and is_shared(persons):
        count = pipeline["classify"].cv.n_splits
        pipeline.set_params(classify__cv=inner_folds(labels, persons=persons, count=count, seed=None))
    pipeline.fit(design, labels, **weights)
    if recipe.classifier == "svm":
        hold_ranks(pipeline["classify"], labels.to_numpy(), **balanced_weights(recipe, labels))
    return _counted(pipeline, design)


def balanced_weights(recipe: Recipe, labels: pd.Series) -> dict[str, np.ndarray]:
    """What `fit` is given beside rows and labels: with class_weights 'balanced', one weight a row, the same for all."""
    if recipe.settings.class_weights == "none":
        return {}
    return {"sample_weight": compute_sample_weight("balanced", labels)}


def card_of(
    recipe: Recipe, *, models: dict[str, Pipeline], people: pd.DataFrame, folds: dict[str, list[str]], outcome: str
) -> Card:
    """The card of one outcome and classifier: whom the models of each fold and the final ones saw, what was chosen."""
    settings = recipe.settings.classifiers[recipe.classifier]
    tuning = {"seed": recipe.seed, "tuning": recipe.settings.tuning, "class_weights": recipe.settings.class_weights}
    columns = {features: list(model.feature_names_in_) for features, model in models.items()}
    scores = {features: _outcome_of_fit(recipe, model) for features, model in models.items()}
    name = f"{outcome} {recipe.classifier}"
    return Card(name, settings | tuning, list(people.index.unique()), {"columns": columns}, scores, folds=folds)


def _outcome_of_fit(recipe: Recipe, model: Pipeline) -> dict[str, Any]:
    """The values that tuning chose, how many missing cells were filled, and whether an iterative solver converged."""
    step = model["classify"].estimator if recipe.classifier == "svm" else model["classify"]
    found = {name: step.get_params()[name] for name in recipe.settings.grid.get(recipe.classifier, {})}
    found["imputed_cells"] = model.imputed_cells_
    if recipe.classifier == "svm":
        found["flat_probabilities"] = is_flat(model["classify"])
    if isinstance(step, LogisticRegression):
        found["converged"] = bool(np.all(step.n_iter_ < step.max_iter))
    return found


def _counted(model: Pipeline, design: pd.DataFrame) -> Pipeline:
    """The model, with the number of cells of its training rows that it had to fill."""
    model.imputed_cells_ = int(design.isna().to_numpy().sum())
    return model


def _bare(recipe: Recipe, *, smaller_class: int) -> Any:
    name, seed, threads = recipe.classifier, recipe.seed, recipe.threads
    values = recipe.settings.classifiers[name]
    if name == LOGISTIC:
        return LogisticRegression(**values)
    if name == "naive_bayes":
        return GaussianNB(**values)
    if name == "elastic_net":
        return LogisticRegression(**values, random_state=seed)
    if name == "svm":
        folds = max(2, min(recipe.settings.calibration_folds, smaller_class // 2))
        return CalibratedClassifierCV(SVC(**values), method="sigmoid", cv=StratifiedKFold(folds), ensemble=False)
    classes = {"random_forest": RandomForestClassifier, "extra_trees": ExtraTreesClassifier, "xgboost": XGBClassifier}
    return classes[name](**values, random_state=seed, n_jobs=threads)
