"""Comparison over cross-validation folds that allows for their shared training participants."""

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from ichdag.names import FEATURE_SETS
from ichdag.statistics.frames import as_frame
from ichdag.statistics.schemas import NADEAU_BENGIO


def compare_folds(metrics: pd.DataFrame, *, alpha: float, reference: str) -> pd.DataFrame:
    """Corrected resampled t test of each feature set's fold AUCs against the reference; schema nadeau_bengio.

    Nadeau and Bengio 2003 (doi 10.1023/A:1024068626366): the variance of the mean difference over K folds, those of all
    repeats, is (1/K + n_test/n_train) times the variance of the differences, as the training parts overlap.
    """
    rows = metrics[(metrics["metric"] == "auc") & metrics["fold"].str.isdecimal()]
    whole = metrics[(metrics["metric"] == "auc") & (metrics["fold"] == "mean")]
    totals = whole.groupby(["outcome", "classifier"])["n"].max().astype(float)
    found = []
    for (outcome, classifier), part in rows.groupby(["outcome", "classifier"], sort=False):
        table = part.pivot(index="fold", columns="features", values="value").astype(float)
        sizes = part.groupby("fold")["n"].first().astype(float)
        if reference not in table:
            continue
        for features in [name for name in FEATURE_SETS if name in table and name != reference]:
            row = {"outcome": outcome, "features": features, "classifier": classifier}
            row["features_reference"] = reference
            gaps = table[features] - table[reference]
            found.append(row | _corrected_t(gaps, sizes, totals[outcome, classifier], alpha))
    return as_frame(found, schema=NADEAU_BENGIO)


def _corrected_t(gaps: pd.Series, sizes: pd.Series, total: float, alpha: float) -> dict[str, Any]:
    """`sizes` has the participants of each fold, `total` those of the whole cross-validation."""
    ratio = float((sizes / (total - sizes)).mean())
    known = gaps.dropna().to_numpy()
    count = len(known)
    row = {"folds": count, "difference": float(known.mean()) if count else math.nan}
    nothing = {"low": math.nan, "high": math.nan, "t": math.nan, "p": math.nan}
    if count < 2:
        return row | nothing | {"note": "fewer than 2 folds with both AUCs"}
    spread = float(np.std(known, ddof=1))
    if spread < 1e-12:
        return row | nothing | {"note": "the difference is the same in all folds"}
    error = math.sqrt(1 / count + ratio) * spread
    value = row["difference"] / error
    reach = float(student.isf(alpha / 2, count - 1)) * error
    limits = {"low": row["difference"] - reach, "high": row["difference"] + reach}
    note = None if count == len(gaps) else f"{count} of {len(gaps)} folds have both AUCs"
    return row | limits | {"t": value, "p": float(2 * student.sf(abs(value), count - 1)), "note": note}
