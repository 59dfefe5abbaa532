"""Cross-validation of one classifier on one feature set, and the final model applied to others."""

import pandas as pd
from sklearn.pipeline import Pipeline

from ichdag.classification.classifiers import Recipe, fit
from ichdag.classification.people import prediction_rows
from ichdag.features.subjects import FINAL
from ichdag.jobs import StudyError


def cross_validate(
    designs: dict[str, pd.DataFrame], *, people: pd.DataFrame, recipe: Recipe, outcome: str, features: str
) -> pd.DataFrame:
    """Out-of-fold probabilities (schema predictions): each fold predicted by a model that saw only the other folds.

    `designs` has the feature set's columns for each fold, reduced by what was fitted on that fold's training part.
    """
    names = {"outcome": outcome, "features": features, "classifier": recipe.classifier}
    found = []
    for fold, validation in people.groupby("fold", sort=True):
        training = people[people.fold != fold]
        pipeline = fit(recipe, design=rows_of(designs[fold], training), labels=training.y_true)
        found.append(predict(pipeline, design=designs[fold], people=validation, **names))
    return pd.concat(found, ignore_index=True)


def fit_final(designs: dict[str, pd.DataFrame], *, people: pd.DataFrame, recipe: Recipe) -> Pipeline:
    """The model of all development participants with a known outcome, on the final reduction."""
    return fit(recipe, design=rows_of(designs[FINAL], people), labels=people.y_true)


def predict(
    pipeline: Pipeline, *, design: pd.DataFrame, people: pd.DataFrame, outcome: str, features: str, classifier: str
) -> pd.DataFrame:
    """Rows of schema predictions for these people; no rows for nobody."""
    values = rows_of(design, people)
    probability = pipeline.predict_proba(values)[:, 1] if len(values) else []
    return prediction_rows(people, outcome=outcome, features=features, classifier=classifier, probability=probability)


def rows_of(design: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """The rows of these people, in their order. Raises StudyError if one has no features."""
    absent = people.index.difference(design.index)
    if len(absent):
        raise StudyError(
            f"{len(absent)} included participants have no row in the reduced features, {absent[0]} first: "
            "delete results/features and run again"
        )
    return design.loc[people.index]
