"""Cross-validation of one classifier on one feature set, and the final model applied to others."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
from sklearn.pipeline import Pipeline

from ichdag.classification.classifiers import Recipe, fit
from ichdag.classification.people import once, prediction_rows
from ichdag.classification.thresholds import choose_threshold
from ichdag.features.subjects import FINAL
from ichdag.jobs import StudyError


@dataclass(frozen=True)
class FoldFit:
    """The model of one fold, and the subjects whose rows it was given."""

    pipeline: Pipeline
    subjects: list[str]


def fit_folds(designs: dict[str, pd.DataFrame], *, people: pd.DataFrame, recipe: Recipe) -> dict[str, FoldFit]:
    """For each fold a model that saw everybody else: the other folds of its repeat.

    `designs` has the feature set's columns for each fold, reduced by what was fitted on that fold's training part.
    """
    fits, everybody = {}, once(people)
    for fold in sorted(people.fold.unique()):
        training = everybody[~everybody.index.isin(people.index[people.fold == fold])]
        rows = rows_of(designs[fold], training)
        model = fit(recipe, design=rows, labels=training.y_true, persons=training.person)
        fits[fold] = FoldFit(model, list(rows.index))
    return fits


def cross_validate(
    designs: dict[str, pd.DataFrame], *, people: pd.DataFrame, recipe: Recipe, outcome: str, features: str
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Out-of-fold probabilities (schema predictions), and by fold the subjects that its model saw.

    Each row has the threshold that was chosen inside the training part of its fold.
    """
    fits = fit_folds(designs, people=people, recipe=recipe)
    names = {"outcome": outcome, "features": features, "classifier": recipe.classifier}
    found = []
    for fold, validation in people.groupby("fold", sort=True):
        own = fits[fold]
        rows = predict(own.pipeline, design=designs[fold], people=validation, **names)
        seen = once(people).loc[own.subjects]
        part = {"design": designs[fold].loc[own.subjects], "labels": seen.y_true, "persons": seen.person}
        found.append(rows.assign(threshold=choose_threshold(own.pipeline, recipe=recipe, **part)))
    return pd.concat(found, ignore_index=True), {fold: own.subjects for fold, own in fits.items()}


def joined(
    results: list[tuple[pd.DataFrame, dict[str, list[str]]]], *, known: Iterable[pd.DataFrame] = ()
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """What `cross_validate` gave for several feature sets in one: all probabilities, and whom the models of a fold saw.

    `known` are rows of schema predictions that need no model; they come first.
    """
    found, seen = zip(*results, strict=True)
    everybody = {fold: sorted({subject for part in seen for subject in part[fold]}) for fold in seen[0]}
    return pd.concat([*known, *found]), everybody


def fit_final(designs: dict[str, pd.DataFrame], *, people: pd.DataFrame, recipe: Recipe) -> Pipeline:
    """The model of all development participants with a known outcome, on the final reduction."""
    everybody = once(people)
    return fit(recipe, design=rows_of(designs[FINAL], everybody), labels=everybody.y_true, persons=everybody.person)


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
