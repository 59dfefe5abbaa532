"""Feature sets as treatments, classifiers as blocks: the paper's tests on AUCs (section 2.8)."""

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import shapiro

from ichdag.evaluation.cells import EXTERNAL
from ichdag.names import FEATURE_SETS
from ichdag.signed_rank import moved, smallest_reachable_p
from ichdag.statistics import effects
from ichdag.statistics.adjustment import METHODS, adjust
from ichdag.statistics.dependence import Null, null_of
from ichdag.statistics.frames import as_frame
from ichdag.statistics.schemas import FRIEDMAN, SHAPIRO, WILCOXON

TESTED = ("mean", "external")
DECIMALS = 10


def check_normality(metrics: pd.DataFrame, *, alpha: float) -> pd.DataFrame:
    """Shapiro-Wilk of the AUCs over folds and classifiers, per outcome and feature set; follows schema shapiro."""
    rows = metrics[(metrics["metric"] == "auc") & metrics["fold"].str.isdecimal()]
    found = []
    for (outcome, features), part in _models(rows).groupby(["outcome", "features"], sort=False):
        values = part["value"].dropna().to_numpy()
        row = {"outcome": outcome, "features": features, "n": len(values)}
        if len(values) < 3 or np.ptp(values) == 0:
            row |= {"statistic": math.nan, "p": math.nan, "normal": None, "note": "fewer than 3 AUCs, or all equal"}
        else:
            result = shapiro(values)
            normal = _yes(result.pvalue >= alpha)
            row |= {"statistic": result.statistic, "p": result.pvalue, "normal": normal, "note": None}
        found.append(row)
    return as_frame(found, schema=SHAPIRO)


def compare_feature_sets(
    metrics: pd.DataFrame, *, predictions: pd.DataFrame, alpha: float, bootstrap: int, seed: int
) -> pd.DataFrame:
    """Friedman's test of the feature sets over classifiers, per outcome and cohort; follows schema friedman.

    Beside its p, by the chi-square distribution, stand the size of that test in this study and a p that holds its size:
    whether the AUCs' means over classifiers vary more than with the patients that all models share (`dependence`).
    """
    rows = []
    for head, table, note in _tables(metrics):
        null = _null(predictions, head, table, bootstrap, seed)
        row = head | _friedman(table, note, alpha) | _held(table, null, alpha) | _agreement(table)
        rows.append(row | {"note": _with_agreement(row)})
    return as_frame(rows, schema=FRIEDMAN)


def compare_pairs(
    metrics: pd.DataFrame, *, predictions: pd.DataFrame, alpha: float, bootstrap: int, seed: int
) -> pd.DataFrame:
    """Wilcoxon's signed-rank test of every pair of feature sets, exact, with three corrections; schema wilcoxon.

    All pairs are tested whatever Friedman's test says; `friedman_significant` tells which the paper would have tested.
    Effect sizes are pingouin's; `p_patients` is as in `compare_feature_sets`, of the mean difference over classifiers.
    """
    families: list[dict[str, Any]] = []
    for head, table, note in _tables(metrics):
        significant = _friedman(table, note, alpha)["significant"]
        null = _null(predictions, head, table, bootstrap, seed)
        pairs = [_wilcoxon(table, first, second, null) for first, second in combinations(table.columns, 2)]
        rows = [head | pair | {"friedman_significant": significant} for pair in pairs]
        family = as_frame(rows, schema=WILCOXON)
        for column, method in METHODS.items():
            family[column] = adjust(family["p"].to_numpy(), method=method)
        family["p_patients_holm"] = adjust(family["p_patients"].to_numpy(), method="holm")
        families += family.to_dict("records")
    return as_frame(families, schema=WILCOXON)


def _models(metrics: pd.DataFrame) -> pd.DataFrame:
    """Rows of the seven feature sets, comparators left out."""
    return metrics[metrics["features"].isin(FEATURE_SETS)]


def _tables(metrics: pd.DataFrame) -> Iterator[tuple[dict[str, str], pd.DataFrame, str | None]]:
    """AUCs as classifiers x feature sets for each outcome and cohort: mean over folds, and each external cohort.

    Classifiers without an AUC for every feature set are left out, and the note says so.
    """
    rows = _models(metrics[(metrics["metric"] == "auc") & metrics["fold"].isin(TESTED)])
    rows = rows.sort_values("fold", key=lambda folds: folds.map(TESTED.index), kind="stable")
    for (outcome, fold, cohort), part in rows.groupby(["outcome", "fold", "cohort"], sort=False):
        table = part.pivot(index="classifier", columns="features", values="value")
        table = table[[name for name in FEATURE_SETS if name in table]].astype(float).round(DECIMALS)
        whole = table.dropna()
        left = len(table) - len(whole)
        note = f"{left} classifiers left out: no AUC for every feature set" if left else None
        yield {"outcome": outcome, "cohort": cohort, "fold": fold}, whole, note


def _null(predictions: pd.DataFrame, head: dict[str, str], table: pd.DataFrame, draws: int, seed: int) -> Null | None:
    """How the AUCs of a table vary where all feature sets are equally good; None where there is nothing to compare."""
    if min(table.shape) < 2:
        return None
    rows = predictions[predictions["outcome"] == head["outcome"]]
    outside = rows["fold"] == EXTERNAL
    rows = rows[outside & (rows["cohort"] == head["cohort"])] if head["fold"] == EXTERNAL else rows[~outside]
    models = {"classifiers": list(table.index), "features": list(table.columns)}
    return null_of(rows, **models, draws=draws, seed=seed)


def _friedman(table: pd.DataFrame, note: str | None, alpha: float) -> dict[str, Any]:
    blocks, treatments = table.shape
    row: dict[str, Any] = {"treatments": treatments, "blocks": blocks}
    nothing = {"statistic": math.nan, "p": math.nan, "kendall_w": math.nan, "significant": None}
    if blocks < 2 or treatments < 3:
        return row | nothing | {"note": "fewer than 2 classifiers or 3 feature sets with an AUC"}
    if (table.nunique(axis=1) == 1).all():
        return row | nothing | {"note": "every classifier has the same AUC for all feature sets"}
    found = effects.friedman(table)
    row |= {"statistic": found.statistic, "p": found.p, "kendall_w": found.kendall_w}
    return row | {"significant": _yes(found.p < alpha), "note": note}


def _held(table: pd.DataFrame, null: Null | None, alpha: float) -> dict[str, float]:
    """The p at patient level that the feature sets are equally good, and the size of Friedman's test in this study."""
    if null is None or len(table.columns) < 3 or (table.nunique(axis=1) == 1).all():
        return {"p_patients": math.nan, "size": math.nan}
    return {"p_patients": null.equal(table.to_numpy()), "size": null.friedman_size(alpha)}


def _agreement(table: pd.DataFrame) -> dict[str, float]:
    """How far the classifiers agree on the AUCs of the feature sets, apart from being better or worse in general."""
    found = effects.intraclass(table.T, kind="ICC(C,1)")
    return dict(zip(("icc", "icc_low", "icc_high"), found, strict=True))


def _with_agreement(row: dict[str, Any]) -> str | None:
    """The note of a row of Friedman's table, with why an intraclass correlation has no limits."""
    agree = "no limits of the intraclass correlation: classifiers agree in full, or feature sets do not differ"
    alone = not math.isnan(row["icc"]) and math.isnan(row["icc_low"])
    return "; ".join(note for note in (row["note"], agree if alone else None) if note) or None


def _wilcoxon(table: pd.DataFrame, first: str, second: str, null: Null | None) -> dict[str, Any]:
    """Two-sided exact p over all sign flips of the differences first - second; ties share ranks, zeros are dropped."""
    gaps = (table[first] - table[second]).round(DECIMALS).to_numpy()
    left = moved(gaps)
    median = float(np.median(gaps)) if len(gaps) else math.nan
    row = {"first": first, "second": second, "median_difference": median, "blocks": len(gaps), "nonzero": len(left)}
    row |= {"smallest_reachable_p": smallest_reachable_p(gaps)}
    if not len(gaps):
        return row | {"statistic": math.nan, "p": math.nan, "note": "no classifier has both AUCs"}
    row["common_language"] = effects.common_language(table[first].to_numpy(), table[second].to_numpy())
    if not len(left):
        row |= {"statistic": 0.0, "p": 1.0, "p_patients": 1.0, "rank_biserial": 0.0}
        return row | {"note": "no classifier differs: every flip of signs gives the same"}
    found = effects.wilcoxon(left)
    row |= {"statistic": found.statistic, "p": found.p, "rank_biserial": found.rank_biserial}
    if null is not None:
        row["p_patients"] = null.pair(first, second, float(gaps.mean()))
    note = f"{len(gaps) - len(left)} equal pairs dropped" if len(left) < len(gaps) else None
    return row | {"note": note}


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
