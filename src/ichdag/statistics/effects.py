"""Effect sizes and agreement beside the p values, by the package pingouin, which takes seconds to import."""

import math
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ichdag.signed_rank import method_of

ROUNDING = 1e-9
FEWEST = 3  # of what is rated, for an intraclass correlation with an interval


@dataclass(frozen=True)
class Concordance:
    """Friedman's test of a table: statistic, p by the chi-square distribution, Kendall's W."""

    statistic: float
    p: float
    kendall_w: float


@dataclass(frozen=True)
class PairEffect:
    """Wilcoxon's test of a pair: statistic, p, matched-pairs rank-biserial correlation."""

    statistic: float
    p: float
    rank_biserial: float


def friedman(table: pd.DataFrame) -> Concordance:
    """Friedman's test with Kendall's W, corrected for ties, of a table with a row a block and a column a treatment."""
    import pingouin

    long = table.reset_index(names="block").melt(id_vars="block", var_name="treatment", value_name="value")
    found = pingouin.friedman(long, dv="value", within="treatment", subject="block").iloc[0]
    return Concordance(float(found["Q"]), float(found["p_unc"]), float(found["W"]))


def wilcoxon(gaps: np.ndarray) -> PairEffect:
    """Two-sided test of paired differences without zeros, and the rank-biserial correlation (Kerby 2014).

    The correlation is the part of the rank sum that is of positive differences less the part that is of negative ones.
    """
    import pingouin

    found = pingouin.wilcoxon(gaps, method=method_of(gaps)).iloc[0]
    return PairEffect(float(found["W_val"]), float(found["p_val"]), float(found["RBC"]))


def common_language(first: np.ndarray, second: np.ndarray) -> float:
    """How often a value of the first is larger than one of the second, ties counted half (Vargha and Delaney 2000)."""
    import pingouin

    return float(pingouin.compute_effsize(first, second, eftype="CLES"))


def intraclass(table: pd.DataFrame, *, kind: str) -> tuple[float, float, float]:
    """Intraclass correlation of a table with a row for what is rated and a column a rater, and its 95% limits.

    `kind` is 'ICC(A,1)', absolute agreement, or 'ICC(C,1)', consistency (McGraw and Wong 1996). NaN with fewer than
    three rows or two columns, or if the ratings do not vary; limits without width, of raters who agree in full or of
    things that do not differ, are NaN too.
    """
    import pingouin

    values = table.to_numpy(dtype=float)
    if len(values) < FEWEST or values.shape[1] < 2 or not np.ptp(values) > 0:
        return math.nan, math.nan, math.nan
    rated, rater = np.indices(values.shape)
    frame = pd.DataFrame({"rated": rated.ravel(), "rater": rater.ravel(), "value": values.ravel()})
    pingouin.options["round.column.CI95"] = None  # as shipped, limits are cut to two decimals
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", DeprecationWarning)  # of pandas, about pingouin's calls
        found = pingouin.intraclass_corr(frame, targets="rated", raters="rater", ratings="value")
    row = found.set_index("Type").loc[kind]
    low, high = map(float, row["CI95"])
    if not high - low > ROUNDING:
        low, high = math.nan, math.nan
    return min(float(row["ICC"]), 1.0), low, high
