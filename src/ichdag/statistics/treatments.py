"""Feature sets as treatments, classifiers as blocks: the paper's tests on AUCs (section 2.8)."""

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import PermutationMethod, friedmanchisquare, shapiro, wilcoxon

from ichdag.names import FEATURE_SETS
from ichdag.statistics.adjustment import METHODS, adjust
from ichdag.statistics.frames import as_frame
from ichdag.statistics.schemas import FRIEDMAN, SHAPIRO, WILCOXON
from ichdag.statistics.settings import Settings

TESTED = ("mean", "external")
DECIMALS = 10


def check_normality(metrics: pd.DataFrame, *, settings: Settings) -> pd.DataFrame:
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
            normal = _yes(result.pvalue >= settings.alpha)
            row |= {"statistic": result.statistic, "p": result.pvalue, "normal": normal, "note": None}
        found.append(row)
    return as_frame(found, schema=SHAPIRO)


def compare_feature_sets(metrics: pd.DataFrame, *, settings: Settings) -> pd.DataFrame:
    """Friedman's test of the feature sets over classifiers, per outcome and cohort; follows schema friedman."""
    rows = (head | _friedman(table, note, settings) for head, table, note in _tables(metrics))
    return as_frame(rows, schema=FRIEDMAN)


def compare_pairs(metrics: pd.DataFrame, *, settings: Settings) -> pd.DataFrame:
    """Wilcoxon's signed-rank test of every pair of feature sets, exact, with three corrections; schema wilcoxon.

    All pairs are tested whatever Friedman's test says; `friedman_significant` tells which the paper would have tested.
    """
    families: list[dict[str, Any]] = []
    for head, table, note in _tables(metrics):
        significant = _friedman(table, note, settings)["significant"]
        pairs = [_wilcoxon(table, first, second) for first, second in combinations(table.columns, 2)]
        rows = [head | pair | {"friedman_significant": significant} for pair in pairs]
        family = as_frame(rows, schema=WILCOXON)
        for column, method in METHODS.items():
            family[column] = adjust(family["p"].to_numpy(), method=method)
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


def _friedman(table: pd.DataFrame, note: str | None, settings: Settings) -> dict[str, Any]:
    blocks, treatments = table.shape
    row: dict[str, Any] = {"treatments": treatments, "blocks": blocks}
    nothing = {"statistic": math.nan, "p": math.nan, "kendall_w": math.nan, "significant": None}
    if blocks < 2 or treatments < 3:
        return row | nothing | {"note": "fewer than 2 classifiers or 3 feature sets with an AUC"}
    if (table.nunique(axis=1) == 1).all():
        return row | nothing | {"note": "every classifier has the same AUC for all feature sets"}
    result = friedmanchisquare(*table.to_numpy().T)
    row |= {"statistic": result.statistic, "p": result.pvalue}
    agreement = result.statistic / (blocks * (treatments - 1))
    return row | {"kendall_w": agreement, "significant": _yes(result.pvalue < settings.alpha), "note": note}


def _wilcoxon(table: pd.DataFrame, first: str, second: str) -> dict[str, Any]:
    """Two-sided exact p over all sign flips of the differences first - second; ties share ranks, zeros are dropped."""
    gaps = (table[first] - table[second]).round(DECIMALS).to_numpy()
    moved = gaps[gaps != 0]
    median = float(np.median(gaps)) if len(gaps) else math.nan
    row = {"first": first, "second": second, "median_difference": median, "blocks": len(gaps), "nonzero": len(moved)}
    row["smallest_reachable_p"] = min(1.0, 2.0 ** (1 - len(gaps)))
    if not len(gaps):
        return row | {"statistic": math.nan, "p": math.nan, "note": "no classifier has both AUCs"}
    if not len(moved):
        return row | {"statistic": 0.0, "p": 1.0, "note": "no classifier differs: every flip of signs gives the same"}
    tied = len(np.unique(np.abs(moved))) < len(moved)
    result = wilcoxon(moved, method=PermutationMethod(n_resamples=np.inf) if tied else "exact")
    note = f"{len(gaps) - len(moved)} equal pairs dropped" if len(moved) < len(gaps) else None
    return row | {"statistic": float(result.statistic), "p": float(result.pvalue), "note": note}


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
