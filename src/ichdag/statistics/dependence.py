"""Draw the null distribution of the AUCs of all models, which depend on each other through shared patients.

Friedman's and Wilcoxon's tests assume that the AUCs of the six classifiers are independent. They are not: a patient
ranked wrongly by one model is ranked wrongly by most, and a chance advantage of a feature set shows in all of its
classifiers.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2, rankdata

from ichdag.evaluation import inflation
from ichdag.evaluation.prediction_groups import EXTERNAL
from ichdag.repeats import infer_repeats

DECIMALS = 12
MODEL_COLUMNS = ["classifier", "features"]


@dataclass(frozen=True)
class NullDistribution:
    """Deviations (draws, blocks, treatments) of AUCs from their expectation, if all feature sets are equally good."""

    deviations: np.ndarray
    features: list[str]

    def p_all_equal(self, values: np.ndarray) -> float:
        """Compute p of the hypothesis that the mean AUCs over classifiers are equal, for AUCs (blocks, treatments)."""
        return _upper_tail_p(_variance_of_means(self.deviations), _variance_of_means(values[None])[0])

    def p_pair(self, first: str, second: str, gap: float) -> float:
        """Compute the two-sided p of a pair of feature sets from their mean difference in AUC over classifiers."""
        first_means, second_means = (
            self.deviations[..., self.features.index(name)].mean(axis=1) for name in (first, second)
        )
        return _upper_tail_p(np.abs(first_means - second_means), abs(gap))

    def friedman_size(self, alpha: float) -> float:
        """Compute how often Friedman's p by the chi-square distribution is below alpha in these draws."""
        drawn = friedman_statistics(self.deviations)
        return float((chi2.sf(drawn, len(self.features) - 1) < alpha).mean())


def draw_null(
    predictions: pd.DataFrame, *, classifiers: list[str], features: list[str], draws: int, seed: int
) -> NullDistribution:
    """Draw AUCs of these models as they vary with the patients; `predictions` are of one outcome and setting.

    Their rows follow schema predictions and are either all out of fold, whose AUCs are averaged over the folds of all
    repeats, or all of one external cohort. A draw weighs each patient's influence on all AUCs (DeLong's placement
    values) with one standard normal number: the multiplier bootstrap of Lin, Wei and Ying 1993 (doi
    10.1093/biomet/80.3.557). Out of fold, draws are widened like intervals (`evaluation.inflation.of_single_cv`).
    """
    rows = predictions[predictions["classifier"].isin(classifiers) & predictions["features"].isin(features)]
    columns = pd.MultiIndex.from_product([classifiers, features], names=MODEL_COLUMNS)
    table = rows.pivot(index=["fold", "subject"], columns=MODEL_COLUMNS, values="probability").reindex(columns=columns)
    y_true = rows.groupby(["fold", "subject"])["y_true"].first()[table.index].to_numpy() == 1
    folds, subjects = (table.index.get_level_values(name).to_numpy(dtype=object) for name in ("fold", "subject"))
    influences = influence(y_true, table.to_numpy(dtype=float), folds=folds)
    of_patients = pd.DataFrame(influences).groupby(subjects).sum().to_numpy()
    drawn = np.random.default_rng(seed).standard_normal((draws, len(of_patients))) @ of_patients
    drawn = (drawn * _standard_error_factor(folds, subjects)).round(DECIMALS)
    return NullDistribution(drawn.reshape(draws, len(classifiers), len(features)), features)


def friedman_statistics(values: np.ndarray) -> np.ndarray:
    """Compute Friedman's statistic (draws,) of values (draws, blocks, treatments), ties as in SciPy; 0 if all equal."""
    blocks, treatments = values.shape[1:]
    ranks = rankdata(values, axis=2) - (treatments + 1) / 2
    between = (ranks.mean(axis=1) ** 2).sum(axis=1)
    within = (ranks**2).sum(axis=(1, 2)) / (blocks * (treatments - 1))
    return np.divide(blocks * between, within, out=np.zeros(len(values)), where=within > 0)


def _variance_of_means(values: np.ndarray) -> np.ndarray:
    """Compute the variance (draws,) over treatments of the means over blocks of values (draws, blocks, treatments)."""
    return values.mean(axis=1).var(axis=1)


def _upper_tail_p(drawn: np.ndarray, value: float) -> float:
    """Compute p of a value from draws of its null distribution, the value included (Phipson and Smyth 2010)."""
    return float((1 + (drawn >= value - 10.0**-DECIMALS).sum()) / (1 + len(drawn)))


def _standard_error_factor(folds: np.ndarray, subjects: np.ndarray) -> float:
    """Compute the factor of the standard error of an AUC: 1 externally; out of fold that of one repeat."""
    if folds[0] == EXTERNAL:
        return 1.0
    repeats = infer_repeats(subjects, folds=folds, where="predictions")
    return inflation.of_single_cv(folds[repeats == 0]) ** 0.5


def influence(y_true: np.ndarray, scores: np.ndarray, *, folds: np.ndarray) -> np.ndarray:
    """Compute the influence (n, k) of each row on the mean AUC over folds of k models with scores (n, k).

    Placement values of a fold minus their mean over all rows of the class, so that a class of one in a fold counts too.
    Folds that lack a class are ignored.
    """
    influences = np.zeros(scores.shape)
    sizes = np.zeros(len(scores))
    usable_folds = [fold for fold in dict.fromkeys(folds) if 0 < y_true[folds == fold].sum() < (folds == fold).sum()]
    for fold in usable_folds:
        rows = np.flatnonzero(folds == fold)
        ranks = rankdata(scores[rows], axis=0)
        for label, sign in ((True, 1), (False, -1)):
            in_class = y_true[rows] == label
            placements = ranks[in_class] - rankdata(scores[rows[in_class]], axis=0)
            influences[rows[in_class]], sizes[rows[in_class]] = sign * placements / (~in_class).sum(), in_class.sum()
    for label in (True, False):
        in_class = (sizes > 0) & (y_true == label)
        if in_class.any():
            scale = sizes[in_class] * len(usable_folds) * np.sqrt(1 - 1 / max(2, in_class.sum()))
            influences[in_class] = (influences[in_class] - influences[in_class].mean(axis=0)) / scale[:, None]
    return influences
