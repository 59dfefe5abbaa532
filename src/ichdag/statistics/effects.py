"""Compute effect sizes and agreement by the package pingouin, which is imported late as this takes seconds."""

import math
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ichdag.signed_rank import wilcoxon_method

ROUNDING = 1e-9
MIN_ROWS = 3  # rated objects that an intraclass correlation with interval needs


@dataclass(frozen=True)
class FriedmanResult:
    """Result of Friedman's test: statistic, p by the chi-square distribution, Kendall's W."""

    statistic: float
    p: float
    kendall_w: float


@dataclass(frozen=True)
class WilcoxonResult:
    """Result of Wilcoxon's signed-rank test: statistic, p, matched-pairs rank-biserial correlation."""

    statistic: float
    p: float
    rank_biserial: float


def friedman(table: pd.DataFrame) -> FriedmanResult:
    """Run Friedman's test with Kendall's W, corrected for ties; a row of the table is a block, a column a treatment."""
    import pingouin

    long = table.reset_index(names="block").melt(id_vars="block", var_name="treatment", value_name="value")
    result = pingouin.friedman(long, dv="value", within="treatment", subject="block").iloc[0]
    return FriedmanResult(float(result["Q"]), float(result["p_unc"]), float(result["W"]))


def wilcoxon(gaps: np.ndarray) -> WilcoxonResult:
    """Run the two-sided test of paired differences without zeros, with the rank-biserial correlation (Kerby 2014).

    The correlation is the fraction of the rank sum of positive differences minus that of negative ones.
    """
    import pingouin

    result = pingouin.wilcoxon(gaps, method=wilcoxon_method(gaps)).iloc[0]
    return WilcoxonResult(float(result["W_val"]), float(result["p_val"]), float(result["RBC"]))


def common_language(first: np.ndarray, second: np.ndarray) -> float:
    """Compute how often a value of `first` exceeds one of `second`, ties counted half (Vargha and Delaney 2000)."""
    import pingouin

    return float(pingouin.compute_effsize(first, second, eftype="CLES"))


def intraclass(table: pd.DataFrame, *, kind: str) -> tuple[float, float, float]:
    """Compute an intraclass correlation and its 95% limits; a row of the table is a rated object, a column a rater.

    `kind` is 'ICC(A,1)', absolute agreement, or 'ICC(C,1)', consistency (McGraw and Wong 1996). NaN with fewer than
    three rows or two columns, or if the ratings do not vary; limits without width, when raters agree fully or objects
    do not differ, are NaN too.
    """
    import pingouin

    values = table.to_numpy(dtype=float)
    if len(values) < MIN_ROWS or values.shape[1] < 2 or not np.ptp(values) > 0:
        return math.nan, math.nan, math.nan
    rated, rater = np.indices(values.shape)
    frame = pd.DataFrame({"rated": rated.ravel(), "rater": rater.ravel(), "value": values.ravel()})
    pingouin.options["round.column.CI95"] = None  # by default pingouin rounds limits to two decimals
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", DeprecationWarning)  # of pandas, about pingouin's calls
        results = pingouin.intraclass_corr(frame, targets="rated", raters="rater", ratings="value")
    row = results.set_index("Type").loc[kind]
    low, high = map(float, row["CI95"])
    if not high - low > ROUNDING:
        low, high = math.nan, math.nan
    return min(float(row["ICC"]), 1.0), low, high
