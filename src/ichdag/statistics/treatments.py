"""Run the paper's tests on AUCs (section 2.8): feature sets are treatments, classifiers are blocks."""

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import shapiro

from ichdag.constants import FEATURE_SETS
from ichdag.evaluation.prediction_groups import EXTERNAL
from ichdag.signed_rank import drop_zeros, smallest_reachable_p
from ichdag.statistics import effects
from ichdag.statistics.adjustment import METHODS, adjust
from ichdag.statistics.dependence import NullDistribution, draw_null
from ichdag.statistics.frames import as_frame
from ichdag.statistics.schemas import FRIEDMAN, SHAPIRO, WILCOXON

TESTED = ("mean", "external")
DECIMALS = 10


def check_normality(metrics: pd.DataFrame, *, alpha: float) -> pd.DataFrame:
    """Run the Shapiro-Wilk test of AUCs over folds and classifiers, by outcome and feature set; schema shapiro."""
    rows = metrics[(metrics["metric"] == "auc") & metrics["fold"].str.isdecimal()]
    tests = []
    for (outcome, features), auc_rows in _feature_set_rows(rows).groupby(["outcome", "features"], sort=False):
        values = auc_rows["value"].dropna().to_numpy()
        row = {"outcome": outcome, "features": features, "n": len(values)}
        if len(values) < 3 or np.ptp(values) == 0:
            row |= {"statistic": math.nan, "p": math.nan, "normal": None, "note": "fewer than 3 AUCs, or all equal"}
        else:
            result = shapiro(values)
            normal = _yes_or_no(result.pvalue >= alpha)
            row |= {"statistic": result.statistic, "p": result.pvalue, "normal": normal, "note": None}
        tests.append(row)
    return as_frame(tests, schema=SHAPIRO)


def compare_feature_sets(
    metrics: pd.DataFrame, *, predictions: pd.DataFrame, alpha: float, bootstrap: int, seed: int
) -> pd.DataFrame:
    """Run Friedman's test of the feature sets over classifiers, by outcome and cohort; follows schema friedman.

    The table has its p by the chi-square distribution, the size of that test in this study, and a p by resampling
    patients that holds its size: whether mean AUCs over classifiers vary more than by chance (`dependence`).
    """
    rows = []
    for head, table, note in _tables(metrics):
        null = _null(predictions, head, table, bootstrap, seed)
        row = head | _friedman(table, note, alpha) | _patient_level(table, null, alpha) | _agreement(table)
        rows.append(row | {"note": _with_agreement(row)})
    return as_frame(rows, schema=FRIEDMAN)


def compare_pairs(
    metrics: pd.DataFrame, *, predictions: pd.DataFrame, alpha: float, bootstrap: int, seed: int
) -> pd.DataFrame:
    """Run Wilcoxon's exact signed-rank test of every pair of feature sets, with three corrections; schema wilcoxon.

    All pairs are tested whatever Friedman's test gives; `friedman_significant` marks those the paper would have tested.
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


def _feature_set_rows(metrics: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of the seven feature sets, without comparators."""
    return metrics[metrics["features"].isin(FEATURE_SETS)]


def _tables(metrics: pd.DataFrame) -> Iterator[tuple[dict[str, str], pd.DataFrame, str | None]]:
    """Yield AUCs (classifiers x feature sets) by outcome and cohort: mean over folds, and each external cohort.

    Classifiers without an AUC for every feature set are excluded, and the note says so.
    """
    rows = _feature_set_rows(metrics[(metrics["metric"] == "auc") & metrics["fold"].isin(TESTED)])
    rows = rows.sort_values("fold", key=lambda folds: folds.map(TESTED.index), kind="stable")
    for (outcome, fold, cohort), group_rows in rows.groupby(["outcome", "fold", "cohort"], sort=False):
        table = group_rows.pivot(index="classifier", columns="features", values="value")
        table = table[[name for name in FEATURE_SETS if name in table]].astype(float).round(DECIMALS)
        complete = table.dropna()
        incomplete = len(table) - len(complete)
        note = f"{incomplete} classifiers left out: no AUC for every feature set" if incomplete else None
        yield {"outcome": outcome, "cohort": cohort, "fold": fold}, complete, note


def _null(
    predictions: pd.DataFrame, head: dict[str, str], table: pd.DataFrame, draws: int, seed: int
) -> NullDistribution | None:
    """Draw the null distribution of a table of AUCs; None if there is nothing to compare."""
    if min(table.shape) < 2:
        return None
    rows = predictions[predictions["outcome"] == head["outcome"]]
    is_external = rows["fold"] == EXTERNAL
    rows = rows[is_external & (rows["cohort"] == head["cohort"])] if head["fold"] == EXTERNAL else rows[~is_external]
    models = {"classifiers": list(table.index), "features": list(table.columns)}
    return draw_null(rows, **models, draws=draws, seed=seed)


def _friedman(table: pd.DataFrame, note: str | None, alpha: float) -> dict[str, Any]:
    blocks, treatments = table.shape
    row: dict[str, Any] = {"treatments": treatments, "blocks": blocks}
    undefined = {"statistic": math.nan, "p": math.nan, "kendall_w": math.nan, "significant": None}
    if blocks < 2 or treatments < 3:
        return row | undefined | {"note": "fewer than 2 classifiers or 3 feature sets with an AUC"}
    if (table.nunique(axis=1) == 1).all():
        return row | undefined | {"note": "every classifier has the same AUC for all feature sets"}
    result = effects.friedman(table)
    row |= {"statistic": result.statistic, "p": result.p, "kendall_w": result.kendall_w}
    return row | {"significant": _yes_or_no(result.p < alpha), "note": note}


def _patient_level(table: pd.DataFrame, null: NullDistribution | None, alpha: float) -> dict[str, float]:
    """Compute p by patients that feature sets are equally good, and the size of Friedman's test in this study."""
    if null is None or len(table.columns) < 3 or (table.nunique(axis=1) == 1).all():
        return {"p_patients": math.nan, "size": math.nan}
    return {"p_patients": null.p_all_equal(table.to_numpy()), "size": null.friedman_size(alpha)}


def _agreement(table: pd.DataFrame) -> dict[str, float]:
    """Compute how far classifiers agree on the AUCs of feature sets, ignoring their general level."""
    correlation = effects.intraclass(table.T, kind="ICC(C,1)")
    return dict(zip(("icc", "icc_low", "icc_high"), correlation, strict=True))


def _with_agreement(row: dict[str, Any]) -> str | None:
    """Extend the note of a row by the reason why an intraclass correlation has no limits."""
    reason = "no limits of the intraclass correlation: classifiers agree in full, or feature sets do not differ"
    has_no_limits = not math.isnan(row["icc"]) and math.isnan(row["icc_low"])
    return "; ".join(note for note in (row["note"], reason if has_no_limits else None) if note) or None


def _wilcoxon(table: pd.DataFrame, first: str, second: str, null: NullDistribution | None) -> dict[str, Any]:
    """Test the differences first - second, two-sided and exact over all sign flips; zeros are dropped."""
    differences = (table[first] - table[second]).round(DECIMALS).to_numpy()
    nonzero = drop_zeros(differences)
    median = float(np.median(differences)) if len(differences) else math.nan
    row = {
        "first": first,
        "second": second,
        "median_difference": median,
        "blocks": len(differences),
        "nonzero": len(nonzero),
    }
    row |= {"smallest_reachable_p": smallest_reachable_p(differences)}
    if not len(differences):
        return row | {"statistic": math.nan, "p": math.nan, "note": "no classifier has both AUCs"}
    row["common_language"] = effects.common_language(table[first].to_numpy(), table[second].to_numpy())
    if not len(nonzero):
        row |= {"statistic": 0.0, "p": 1.0, "p_patients": 1.0, "rank_biserial": 0.0}
        return row | {"note": "no classifier differs: every flip of signs gives the same"}
    result = effects.wilcoxon(nonzero)
    row |= {"statistic": result.statistic, "p": result.p, "rank_biserial": result.rank_biserial}
    if null is not None:
        row["p_patients"] = null.p_pair(first, second, float(differences.mean()))
    note = f"{len(differences) - len(nonzero)} equal pairs dropped" if len(nonzero) < len(differences) else None
    return row | {"note": note}


def _yes_or_no(holds: bool) -> str:
    return "yes" if holds else "no"
