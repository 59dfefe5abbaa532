"""What predictions lose without a feature block: the fall of the AUC when its columns are exchanged among participants.

A share of SHAP values says what moves predictions, be it noise; this says what makes them right.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.pipeline import Pipeline

from ichdag.explanation import Settings
from ichdag.explanation.shares import ALL_EQUAL, block_of

Part = tuple[Pipeline, pd.DataFrame]


def block_losses(parts: Mapping[str, Part], *, y_true: pd.Series, settings: Settings, seed: int) -> pd.DataFrame:
    """The AUC of the predictions and what it loses without each block, columns block and from auc on of schema shap.

    `parts` has a model and the participants (n, p) it is judged on, whom it was not fitted on: one for each fold, or
    one for an external cohort. `y_true` (0 or 1) is by participant; those without are left out. All columns of a block
    are exchanged together and within a part, `settings.permutations` times; the AUC is that of all parts together, the
    loss the mean over the exchanges. The interval is a bootstrap over participants of each class, with models and
    exchanges as they are. Missing where a class is, and limits where all resamples are equal, which the note says.
    Source: Breiman 2001; Fisher, Rudin and Dominici 2019.
    """
    pairs = [(model, rows[rows.index.isin(y_true.index)]) for model, rows in parts.values()]
    labels = np.concatenate([y_true[rows.index] for _, rows in pairs])
    plain = np.concatenate([_probability(*pair) for pair in pairs])[:, None]
    random = np.random.default_rng(seed)
    found = []
    for block in dict.fromkeys(map(block_of, pairs[0][1])):
        exchanged = [_exchanged(*pair, block=block, times=settings.permutations, random=random) for pair in pairs]
        found.append({"block": block} | _loss(labels, plain, np.concatenate(exchanged), settings=settings, seed=seed))
    return pd.DataFrame(found)


def auc(y_true: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """The AUC of each column of probabilities (n, m) against labels (n,), ties counted a half; both classes needed."""
    events = y_true == 1
    ranks = rankdata(probability, axis=0)[events].sum(axis=0)
    count, others = events.sum(), (~events).sum()
    return (ranks - count * (count + 1) / 2) / (count * others)


def _probability(model: Pipeline, rows: pd.DataFrame) -> np.ndarray:
    return model.predict_proba(rows)[:, 1] if len(rows) else np.empty(0)


def _exchanged(
    model: Pipeline, rows: pd.DataFrame, *, block: str, times: int, random: np.random.Generator
) -> np.ndarray:
    """Probabilities (n, times) with all columns of a block taken together from another participant of the part."""
    columns = [column for column in rows if block_of(column) == block]
    orders = [random.permutation(len(rows)) for _ in range(times)]
    whole = pd.concat([rows] * times, ignore_index=True)
    whole[columns] = rows[columns].to_numpy()[np.concatenate(orders)]
    return _probability(model, whole).reshape(times, len(rows)).T


def _loss(
    y_true: np.ndarray, plain: np.ndarray, exchanged: np.ndarray, *, settings: Settings, seed: int
) -> dict[str, float | str | None]:
    """AUC, mean loss, its bootstrap interval or why there is none, and how many participants it is over."""
    row = {"auc": np.nan, "auc_lost": np.nan, "auc_lost_low": np.nan, "auc_lost_high": np.nan, "scored": len(y_true)}
    classes = [np.flatnonzero(y_true == label) for label in (0, 1)]
    if not all(map(len, classes)):
        return row | {"note": "no AUC: one class only"}
    both = np.hstack([plain, exchanged])
    random = np.random.default_rng(seed)
    drawn = [np.concatenate([random.choice(own, len(own)) for own in classes]) for _ in range(settings.bootstrap)]
    lost = [_fall(auc(y_true[sample], both[sample])) for sample in drawn]
    low, high = np.quantile(lost, [(1 - settings.confidence) / 2, (1 + settings.confidence) / 2])
    aucs = auc(y_true, both)
    row |= {"auc": aucs[0], "auc_lost": _fall(aucs)}
    if high - low < ALL_EQUAL:
        return row | {"note": "no limits of the AUC lost: all resamples are equal"}
    return row | {"auc_lost_low": low, "auc_lost_high": high, "note": None}


def _fall(aucs: np.ndarray) -> float:
    """The mean of the first AUC less each of the others."""
    return float((aucs[0] - aucs[1:]).mean())
