"""Contribution of each feature block to the predictions of one classifier: share of SHAP values, and AUC lost."""

from collections.abc import Mapping

import pandas as pd
from sklearn.pipeline import Pipeline

from ichdag.explanation import ExplanationSettings
from ichdag.explanation.attribution import sample_rows, shap_values
from ichdag.explanation.out_of_fold import held_out, shap_values_of_folds
from ichdag.explanation.permutation import permutation_importance
from ichdag.explanation.shares import block_shares


def explain_model(
    model: Pipeline,
    *,
    classifier: str,
    X_test: pd.DataFrame,
    y_true: pd.Series,
    background: pd.DataFrame,
    settings: ExplanationSettings,
    seed: int,
) -> pd.DataFrame:
    """Return the columns of schema shap from classifier on, for a model and participants it was not fitted on.

    SHAP values are computed for at most `settings.patients` of them; the AUC is over all participants in `y_true`.
    """
    X = sample_rows(X_test, count=settings.patients, seed=seed)
    shares = block_shares(
        shap_values(model, classifier=classifier, X=X, background=background, settings=settings, seed=seed).values,
        columns=list(X_test),
        settings=settings,
        seed=seed,
    )
    losses = permutation_importance({"": (model, X_test)}, y_true=y_true, settings=settings, seed=seed)
    return _merge(shares, losses).assign(classifier=classifier)


def explain_folds(
    models: Mapping[str, Pipeline],
    *,
    X_by_fold: Mapping[str, pd.DataFrame],
    labels: pd.DataFrame,
    classifier: str,
    settings: ExplanationSettings,
    seed: int,
) -> pd.DataFrame:
    """Return the same columns out of fold; `labels` has fold and y_true by subject."""
    values = shap_values_of_folds(
        models, X_by_fold=X_by_fold, folds=labels.fold, classifier=classifier, settings=settings, seed=seed
    )
    columns = list(next(iter(X_by_fold.values())))
    shares = block_shares(values, columns=columns, settings=settings, seed=seed)
    test_sets = held_out(models, X_by_fold=X_by_fold, folds=labels.fold)
    losses = permutation_importance(test_sets, y_true=labels.y_true, settings=settings, seed=seed)
    return _merge(shares, losses).assign(classifier=classifier)


def _merge(shares: pd.DataFrame, losses: pd.DataFrame) -> pd.DataFrame:
    """Merge shares and losses of the same blocks in one table, with the notes of both."""
    merged = shares.merge(losses, on="block", suffixes=("_shares", "_losses"))
    notes = merged[["note_shares", "note_losses"]]
    joined = ["; ".join(note for note in row if isinstance(note, str)) or None for row in notes.to_numpy()]
    return merged.drop(columns=list(notes)).assign(note=pd.Series(joined, index=merged.index, dtype=object))
