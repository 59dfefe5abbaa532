"""How the AUCs of all models vary together with the patients they share, where no feature set is better than another.

Friedman's and Wilcoxon's tests take the AUCs of the six classifiers for independent. They are not: a patient whom one
model ranks wrongly is ranked wrongly by most, and a chance advantage of a feature set shows in all of its classifiers.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2, rankdata

from ichdag.evaluation import inflation
from ichdag.evaluation.cells import EXTERNAL
from ichdag.repeats import repeats_of

DECIMALS = 12
MODEL = ["classifier", "features"]


@dataclass(frozen=True)
class Null:
    """Deviations (draws, blocks, treatments) of AUCs from their expectation, if all feature sets are equally good."""

    deviations: np.ndarray
    features: list[str]

    def equal(self, values: np.ndarray) -> float:
        """The p of AUCs (blocks, treatments): how often the means over classifiers vary as much over feature sets."""
        return _exceeding(_spread(self.deviations), _spread(values[None])[0])

    def pair(self, first: str, second: str, gap: float) -> float:
        """Two-sided p of a pair of feature sets from the mean over classifiers of their differences in AUC."""
        one, other = (self.deviations[..., self.features.index(name)].mean(axis=1) for name in (first, second))
        return _exceeding(np.abs(one - other), abs(gap))

    def friedman_size(self, alpha: float) -> float:
        """How often Friedman's p by the chi-square distribution is below alpha in these draws."""
        drawn = friedman_statistics(self.deviations)
        return float((chi2.sf(drawn, len(self.features) - 1) < alpha).mean())


def null_of(predictions: pd.DataFrame, *, classifiers: list[str], features: list[str], draws: int, seed: int) -> Null:
    """Draw AUCs of these models as they would vary with the patients; `predictions` are of one outcome and setting.

    Their rows follow schema predictions and are either all out of fold, whose AUCs are averaged over the folds of all
    repeats, or all of one external cohort. A draw weighs each patient's influence on all AUCs (DeLong's placement
    values) with one standard normal number: the multiplier bootstrap of Lin, Wei and Ying 1993 (doi
    10.1093/biomet/80.3.557). Out of fold, the draws are widened as the intervals are (`evaluation.inflation.of_one`).
    """
    rows = predictions[predictions["classifier"].isin(classifiers) & predictions["features"].isin(features)]
    columns = pd.MultiIndex.from_product([classifiers, features], names=MODEL)
    table = rows.pivot(index=["fold", "subject"], columns=MODEL, values="probability").reindex(columns=columns)
    happened = rows.groupby(["fold", "subject"])["y_true"].first()[table.index].to_numpy() == 1
    folds, subjects = (table.index.get_level_values(name).to_numpy(dtype=object) for name in ("fold", "subject"))
    moved = influence(happened, table.to_numpy(dtype=float), folds=folds)
    of_patients = pd.DataFrame(moved).groupby(subjects).sum().to_numpy()
    drawn = np.random.default_rng(seed).standard_normal((draws, len(of_patients))) @ of_patients
    drawn = (drawn * _widening(folds, subjects)).round(DECIMALS)
    return Null(drawn.reshape(draws, len(classifiers), len(features)), features)


def friedman_statistics(values: np.ndarray) -> np.ndarray:
    """Friedman's statistic (draws,) of values (draws, blocks, treatments), ties as in SciPy; 0 where all are equal."""
    blocks, treatments = values.shape[1:]
    ranks = rankdata(values, axis=2) - (treatments + 1) / 2
    between = (ranks.mean(axis=1) ** 2).sum(axis=1)
    within = (ranks**2).sum(axis=(1, 2)) / (blocks * (treatments - 1))
    return np.divide(blocks * between, within, out=np.zeros(len(values)), where=within > 0)


def _spread(values: np.ndarray) -> np.ndarray:
    """Variance (draws,) over treatments of the means over blocks of values (draws, blocks, treatments)."""
    return values.mean(axis=1).var(axis=1)


def _exceeding(drawn: np.ndarray, value: float) -> float:
    """The p of a value among draws of its null distribution, which count the value itself (Phipson and Smyth 2010)."""
    return float((1 + (drawn >= value - 10.0**-DECIMALS).sum()) / (1 + len(drawn)))


def _widening(folds: np.ndarray, subjects: np.ndarray) -> float:
    """What the standard error of an AUC is multiplied by: above 1 out of fold, that of one repeat of several."""
    if folds[0] == EXTERNAL:
        return 1.0
    repeats = repeats_of(subjects, folds=folds, where="predictions")
    return inflation.of_one(folds[repeats == 0]) ** 0.5


def influence(happened: np.ndarray, scores: np.ndarray, *, folds: np.ndarray) -> np.ndarray:
    """How much each row moves the mean over folds of the AUCs of k models with scores (n, k): (n, k).

    Placement values of a fold about their mean over all rows of the class, so that a class of one in a fold counts too.
    Folds that lack a class are no part of the mean.
    """
    moved, sizes = np.zeros(scores.shape), np.zeros(len(scores))
    whole = [fold for fold in dict.fromkeys(folds) if 0 < happened[folds == fold].sum() < (folds == fold).sum()]
    for fold in whole:
        rows = np.flatnonzero(folds == fold)
        ranks = rankdata(scores[rows], axis=0)
        for label, sign in ((True, 1), (False, -1)):
            own = happened[rows] == label
            placed = ranks[own] - rankdata(scores[rows[own]], axis=0)
            moved[rows[own]], sizes[rows[own]] = sign * placed / (~own).sum(), own.sum()
    for label in (True, False):
        who = (sizes > 0) & (happened == label)
        if who.any():
            scale = sizes[who] * len(whole) * np.sqrt(1 - 1 / max(2, who.sum()))
            moved[who] = (moved[who] - moved[who].mean(axis=0)) / scale[:, None]
    return moved
