"""Out-of-fold SHAP values: each participant is explained with the model that was not fitted on that participant."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from ichdag.explanation import ExplanationSettings
from ichdag.explanation.attribution import sample_rows, shap_values


def held_out(
    models: Mapping[str, Pipeline], *, X_by_fold: Mapping[str, pd.DataFrame], folds: pd.Series
) -> dict[str, tuple[Pipeline, pd.DataFrame]]:
    """Return model and held-out rows of each fold, in the reduction of the fold; `folds` is by subject."""
    return {fold: (model, X_by_fold[fold].loc[folds.index[folds == fold]]) for fold, model in models.items()}


def shap_values_of_folds(
    models: Mapping[str, Pipeline],
    *,
    X_by_fold: Mapping[str, pd.DataFrame],
    folds: pd.Series,
    classifier: str,
    settings: ExplanationSettings,
    seed: int,
) -> np.ndarray:
    """Compute SHAP values (n, p) of at most `settings.patients` participants, ordered by fold, each with its model.

    `folds` has the fold of each subject; `models` and `X_by_fold` are by fold. The background of a fold is drawn from
    the training participants of its model. Every fold has its own reduction, so that a column is another component in
    each fold: only sums over the columns of a block are comparable.
    """
    sampled = set(sample_rows(folds.to_frame(), count=settings.patients, seed=seed).index)
    values = []
    for fold, members in folds.groupby(folds, sort=True):
        X = X_by_fold[fold].loc[[subject for subject in members.index if subject in sampled]]
        training = X_by_fold[fold].loc[folds.index[folds != fold]]
        background = sample_rows(training, count=settings.background, seed=seed)
        if len(X):
            explained = shap_values(
                models[fold], classifier=classifier, X=X, background=background, settings=settings, seed=seed
            )
            values.append(explained.values)
    return np.concatenate(values)
