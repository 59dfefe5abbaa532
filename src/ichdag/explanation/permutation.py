"""Permutation importance of feature blocks: the decrease of the AUC if the columns of a block are permuted.

A share of SHAP values shows what changes the predictions, which may be noise; the AUC lost shows what makes them right.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.pipeline import Pipeline

from ichdag.explanation import ExplanationSettings
from ichdag.explanation.shares import ALL_EQUAL, block_of

TestSet = tuple[Pipeline, pd.DataFrame]


def permutation_importance(
    test_sets: Mapping[str, TestSet], *, y_true: pd.Series, settings: ExplanationSettings, seed: int
) -> pd.DataFrame:
    """Return the AUC and the AUC lost without each block: columns block and from auc on of schema shap.

    `test_sets` has a model and the rows (n, p) it is evaluated on, which it was not fitted on: one for each fold, or
    one for an external cohort. `y_true` (0 or 1) is by participant; participants without a label are left out. All
    columns of a block are permuted together within a test set, `settings.permutations` times; the AUC is over all test
    sets together, the loss is the mean over the permutations. The interval is a bootstrap over participants of each
    class, with fixed models and permutations. Values are missing if a class is missing, limits also if all resamples
    are equal; the note says why. Source: Breiman 2001; Fisher, Rudin and Dominici 2019.
    """
    labeled = [(model, X[X.index.isin(y_true.index)]) for model, X in test_sets.values()]
    labels = np.concatenate([y_true[X.index] for _, X in labeled])
    unpermuted = np.concatenate([_predict(model, X) for model, X in labeled])[:, None]
    random = np.random.default_rng(seed)
    rows = []
    for block in dict.fromkeys(map(block_of, labeled[0][1])):
        permuted = np.concatenate(
            [
                _predict_permuted(model, X, block=block, count=settings.permutations, random=random)
                for model, X in labeled
            ]
        )
        row: dict[str, Any] = {"block": block}
        rows.append(row | _auc_lost(labels, unpermuted, permuted, settings=settings, seed=seed))
    return pd.DataFrame(rows)


def auc(y_true: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Return the AUC of each column of probabilities (n, m) for labels (n,) of both classes; ties count one half."""
    events = y_true == 1
    ranks = rankdata(probability, axis=0)[events].sum(axis=0)
    positives = events.sum()
    negatives = (~events).sum()
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def _predict(model: Pipeline, X: pd.DataFrame) -> np.ndarray:
    return model.predict_proba(X)[:, 1] if len(X) else np.empty(0)


def _predict_permuted(
    model: Pipeline, X: pd.DataFrame, *, block: str, count: int, random: np.random.Generator
) -> np.ndarray:
    """Return probabilities (n, count) with the columns of a block permuted together among the rows."""
    columns = [column for column in X if block_of(column) == block]
    orders = [random.permutation(len(X)) for _ in range(count)]
    X_permuted = pd.concat([X] * count, ignore_index=True)
    X_permuted[columns] = X[columns].to_numpy()[np.concatenate(orders)]
    return _predict(model, X_permuted).reshape(count, len(X)).T


def _auc_lost(
    y_true: np.ndarray, unpermuted: np.ndarray, permuted: np.ndarray, *, settings: ExplanationSettings, seed: int
) -> dict[str, float | str | None]:
    """Return AUC, mean AUC lost with its bootstrap interval, number of participants, and a note on missing values."""
    row = {"auc": np.nan, "auc_lost": np.nan, "auc_lost_low": np.nan, "auc_lost_high": np.nan, "scored": len(y_true)}
    classes = [np.flatnonzero(y_true == label) for label in (0, 1)]
    if not all(map(len, classes)):
        return row | {"note": "no AUC: one class only"}
    probabilities = np.hstack([unpermuted, permuted])
    random = np.random.default_rng(seed)
    resamples = [
        np.concatenate([random.choice(members, len(members)) for members in classes]) for _ in range(settings.bootstrap)
    ]
    lost = [_mean_drop(auc(y_true[sample], probabilities[sample])) for sample in resamples]
    low, high = np.quantile(lost, [(1 - settings.confidence) / 2, (1 + settings.confidence) / 2])
    aucs = auc(y_true, probabilities)
    row |= {"auc": aucs[0], "auc_lost": _mean_drop(aucs)}
    if high - low < ALL_EQUAL:
        return row | {"note": "no limits of the AUC lost: all resamples are equal"}
    return row | {"auc_lost_low": low, "auc_lost_high": high, "note": None}


def _mean_drop(aucs: np.ndarray) -> float:
    """Return the first AUC minus the mean of the others."""
    return float((aucs[0] - aucs[1:]).mean())
