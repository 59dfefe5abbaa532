"""SHAP values out of fold: each participant's prediction explained by the model that never saw that participant."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from ichdag.explanation import Settings
from ichdag.explanation.attribution import attribute, sample_rows


def held_out(
    models: Mapping[str, Pipeline], *, designs: Mapping[str, pd.DataFrame], folds: pd.Series
) -> dict[str, tuple[Pipeline, pd.DataFrame]]:
    """The model of each fold, and the participants of the fold in its own reduction; `folds` is by subject."""
    return {fold: (model, designs[fold].loc[folds.index[folds == fold]]) for fold, model in models.items()}


def attribute_folds(
    models: Mapping[str, Pipeline],
    *,
    designs: Mapping[str, pd.DataFrame],
    folds: pd.Series,
    classifier: str,
    settings: Settings,
    seed: int,
) -> np.ndarray:
    """SHAP values (n, p) of at most `settings.patients` participants, ordered by fold, each by the own fold's model.

    `folds` has the fold of everybody by subject; `models` and `designs` are by fold. The background of a fold is drawn
    from the participants outside it, whom its model was fitted on. Every fold has a reduction of its own, so that a
    column means another component in each: only sums over a block's columns compare.
    """
    shown = set(sample_rows(folds.to_frame(), count=settings.patients, seed=seed).index)
    parts = []
    for fold, held in folds.groupby(folds, sort=True):
        rows = designs[fold].loc[[subject for subject in held.index if subject in shown]]
        training = designs[fold].loc[folds.index[folds != fold]]
        background = sample_rows(training, count=settings.background, seed=seed)
        names = {"classifier": classifier, "rows": rows, "background": background}
        if len(rows):
            parts.append(attribute(models[fold], **names, settings=settings, seed=seed).values)
    return np.concatenate(parts)
