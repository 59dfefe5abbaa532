"""Compare feature sets over folds, allowing for shared training participants."""

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from ichdag.constants import FEATURE_SETS
from ichdag.statistics.frames import as_frame
from ichdag.statistics.schemas import NADEAU_BENGIO


def compare_folds(metrics: pd.DataFrame, *, alpha: float, reference: str) -> pd.DataFrame:
    """Run the corrected resampled t test of each feature set against the reference; follows schema nadeau_bengio.

    Nadeau and Bengio 2003 (doi 10.1023/A:1024068626366): the variance of the mean difference over K folds, those of all
    repeats, is (1/K + n_test/n_train) times the variance of the differences, as the training parts overlap.
    """
    rows = metrics[(metrics["metric"] == "auc") & metrics["fold"].str.isdecimal()]
    mean_rows = metrics[(metrics["metric"] == "auc") & (metrics["fold"] == "mean")]
    totals = mean_rows.groupby(["outcome", "classifier"])["n"].max().astype(float)
    comparisons = []
    for (outcome, classifier), model_rows in rows.groupby(["outcome", "classifier"], sort=False):
        table = model_rows.pivot(index="fold", columns="features", values="value").astype(float)
        sizes = model_rows.groupby("fold")["n"].first().astype(float)
        if reference not in table:
            continue
        for features in [name for name in FEATURE_SETS if name in table and name != reference]:
            row = {"outcome": outcome, "features": features, "classifier": classifier}
            row["features_reference"] = reference
            gaps = table[features] - table[reference]
            comparisons.append(row | _corrected_t(gaps, sizes, totals[outcome, classifier], alpha))
    return as_frame(comparisons, schema=NADEAU_BENGIO)


def _corrected_t(gaps: pd.Series, sizes: pd.Series, total: float, alpha: float) -> dict[str, Any]:
    """Run the test; `sizes` counts the participants of each fold, `total` those of the whole cross-validation."""
    ratio = float((sizes / (total - sizes)).mean())
    defined = gaps.dropna().to_numpy()
    count = len(defined)
    row = {"folds": count, "difference": float(defined.mean()) if count else math.nan}
    undefined = {"low": math.nan, "high": math.nan, "t": math.nan, "p": math.nan}
    if count < 2:
        return row | undefined | {"note": "fewer than 2 folds with both AUCs"}
    spread = float(np.std(defined, ddof=1))
    if spread < 1e-12:
        return row | undefined | {"note": "the difference is the same in all folds"}
    standard_error = math.sqrt(1 / count + ratio) * spread
    value = row["difference"] / standard_error
    half_width = float(student.isf(alpha / 2, count - 1)) * standard_error
    limits = {"low": row["difference"] - half_width, "high": row["difference"] + half_width}
    note = None if count == len(gaps) else f"{count} of {len(gaps)} folds have both AUCs"
    return row | limits | {"t": value, "p": float(2 * student.sf(abs(value), count - 1)), "note": note}
