"""Cross-validate one classifier on one feature set; fit and apply its final model."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from ichdag.classification.classifiers import ClassifierConfig, fit
from ichdag.classification.fold_thresholds import choose_threshold
from ichdag.classification.label_tables import first_repeat, prediction_rows
from ichdag.constants import FINAL
from ichdag.jobs import StudyError


@dataclass(frozen=True)
class FoldFit:
    """The model of one fold, and its training subjects."""

    pipeline: Pipeline
    subjects: list[str]


def fit_folds(
    X_by_fold: dict[str, pd.DataFrame], *, labels: pd.DataFrame, config: ClassifierConfig
) -> dict[str, FoldFit]:
    """Fit a model for each fold on the participants of the other folds of its repeat.

    `X_by_fold` has the feature matrix of each fold, whose reduction was fitted on that fold's training part.
    """
    fits = {}
    participants = first_repeat(labels)
    for fold in sorted(labels.fold.unique()):
        training = participants[~participants.index.isin(labels.index[labels.fold == fold])]
        X = select_rows(X_by_fold[fold], training)
        model = fit(config, X=X, y=training.y_true, persons=training.person)
        fits[fold] = FoldFit(model, list(X.index))
    return fits


def cross_validate(
    X_by_fold: dict[str, pd.DataFrame], *, labels: pd.DataFrame, config: ClassifierConfig, outcome: str, features: str
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Compute out-of-fold probabilities (schema predictions), and the training subjects of each fold.

    Each row has the threshold that was chosen in the training part of its fold.
    """
    fits = fit_folds(X_by_fold, labels=labels, config=config)
    names = {"outcome": outcome, "features": features, "classifier": config.classifier}
    predictions = []
    for fold, validation in labels.groupby("fold", sort=True):
        fold_fit = fits[fold]
        fold_predictions = predict(fold_fit.pipeline, X=X_by_fold[fold], labels=validation, **names)
        training_labels = first_repeat(labels).loc[fold_fit.subjects]
        training = {
            "X": X_by_fold[fold].loc[fold_fit.subjects],
            "y": training_labels.y_true,
            "persons": training_labels.person,
        }
        predictions.append(
            fold_predictions.assign(threshold=choose_threshold(fold_fit.pipeline, config=config, **training))
        )
    return pd.concat(predictions, ignore_index=True), {fold: fold_fit.subjects for fold, fold_fit in fits.items()}


def join_results(
    results: list[tuple[pd.DataFrame, dict[str, list[str]]]], *, precomputed: Iterable[pd.DataFrame] = ()
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Join the results of `cross_validate` for several feature sets: all predictions, and training subjects by fold.

    `precomputed` are rows of schema predictions that need no model; they come first.
    """
    predictions, training_subjects = zip(*results, strict=True)
    subjects_by_fold = {
        fold: sorted({subject for fold_subjects in training_subjects for subject in fold_subjects[fold]})
        for fold in training_subjects[0]
    }
    return pd.concat([*precomputed, *predictions]), subjects_by_fold


def fit_final(X_by_fold: dict[str, pd.DataFrame], *, labels: pd.DataFrame, config: ClassifierConfig) -> Pipeline:
    """Fit the model on all development participants with a known outcome, with the final reduction."""
    participants = first_repeat(labels)
    return fit(
        config, X=select_rows(X_by_fold[FINAL], participants), y=participants.y_true, persons=participants.person
    )


def predict(
    pipeline: Pipeline, *, X: pd.DataFrame, labels: pd.DataFrame, outcome: str, features: str, classifier: str
) -> pd.DataFrame:
    """Predict the participants of a label table; follows schema predictions; an empty table gives no rows."""
    probability = predict_probability(pipeline, select_rows(X, labels))
    return prediction_rows(labels, outcome=outcome, features=features, classifier=classifier, probability=probability)


def predict_probability(pipeline: Pipeline, X: pd.DataFrame) -> np.ndarray:
    """Return the probability of the outcome (n,), float64 in [0, 1], of the rows of a feature matrix."""
    if not len(X):
        return np.empty(0)
    return np.clip(pipeline.predict_proba(X)[:, 1].astype(np.float64), 0, 1)


def select_rows(X: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of the participants of a label table, in its order. Raises StudyError if one has no features."""
    missing = labels.index.difference(X.index)
    if len(missing):
        raise StudyError(
            f"{len(missing)} included participants have no row in the reduced features, {missing[0]} first: "
            "delete results/features and run again"
        )
    return X.loc[labels.index]
