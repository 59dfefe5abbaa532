"""Build Table 1: the development cohort beside each external cohort."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, fisher_exact, ttest_ind

from ichdag.number_format import format_plain
from ichdag.statistics.frames import as_frame
from ichdag.statistics.schemas import TABLE1

SMALLEST_EXPECTED = 5
ROUNDING = 1e-12  # of the largest value: a smaller spread is rounding
Row = dict[str, Any]
NOBODY = "nobody with a value in one cohort"


def describe_cohorts(
    participants: pd.DataFrame, *, outcomes: list[str], numbers: Sequence[str], categories: Sequence[str]
) -> pd.DataFrame:
    """Describe included participants by numbers (mean, SD) and categories (count, percent); follows schema table1.

    ASSUME: Welch's t for numbers; chi-square without correction for categories, Fisher's exact test for two by two
    with an expected count below 5. Missing cells are excluded and counted. Standardized differences are
    absolute: over the pooled SD for numbers, Mahalanobis' for categories (Yang and Dalton 2012). Tests and differences
    are those of the package tableone without Yates' correction of two by two tables. The package is not used, as its
    cells are text, it has no difference if a cohort lacks a level, and it does not report what it excludes.
    """
    included = participants[participants["status"] == "included"]
    development = included[included["role"] == "development"]
    rows: list[dict[str, Any]] = []
    external_rows = included[included["role"] == "external"]
    for cohort, external in (
        external_rows.groupby("cohort", sort=True) if len(external_rows) else [(None, external_rows)]
    ):
        for name in numbers:
            rows += _rows(cohort, name, "number", development, external)
        for name in [*categories, *outcomes]:
            kind = "outcome" if name in outcomes else "category"
            rows += _rows(cohort, name, kind, development, external)
    return as_frame(rows, schema=TABLE1)


def _rows(cohort: str | None, name: str, kind: str, left: pd.DataFrame, right: pd.DataFrame) -> Iterator[Row]:
    """Yield the rows of one variable; a cohort without values has no summary, and a note says why there is no test."""
    pair = [table[name].dropna() if name in table else pd.Series(dtype=float) for table in (left, right)]
    missing = {"missing_development": len(left) - len(pair[0]), "missing_external": len(right) - len(pair[1])}
    head = {"cohort": cohort, "variable": name, "kind": kind, "level": None} | missing
    head |= {"n_development": len(pair[0]), "n_external": len(pair[1])}
    if name not in left:
        yield head | _summaries([None, None]) | _test(note="no such column")
    elif kind == "number":
        values = [series.astype(float).to_numpy() for series in pair]
        digits = _decimals(values)
        yield head | _summaries([_mean(series, digits) for series in values]) | _compare_numbers(*values)
    else:
        yield from _category_rows(head, *pair)


def _category_rows(head: dict[str, Any], left: pd.Series, right: pd.Series) -> Iterator[Row]:
    """Yield a row for each level; for an outcome only the level 1."""
    names = [
        series.map(lambda value: value if isinstance(value, str) else format_plain(value)) for series in (left, right)
    ]
    levels = sorted({*names[0], *names[1]})
    counts = np.array([[int((series == level).sum()) for level in levels] for series in names])
    test = _compare_categories(counts)
    for level in levels if head["kind"] == "category" else ["1"]:
        summaries = [_share(int((series == level).sum()), len(series)) for series in names]
        yield head | {"level": level} | _summaries(summaries) | test


def _decimals(columns: list[np.ndarray]) -> int:
    """Choose the decimals of means and SDs of a variable: one, or more if its scale is small.

    The smallest SD has two significant digits or more; if all SDs are zero, the smallest mean has three.
    """
    sds = [_sd(values) for values in columns]
    means = [abs(values.mean()) for values in columns if len(values)]
    sizes, digits = (sds, 2) if any(sd > 0 for sd in sds) else (means, 3)
    return max([1, *(digits - 1 - math.floor(math.log10(value)) for value in sizes if value > 0)])


def _mean(values: np.ndarray, digits: int) -> tuple[str, float, float] | None:
    """Summarize by mean and SD, as text with this number of decimals and as numbers."""
    if not len(values):
        return None
    mean = float(values.mean())
    spread = _sd(values)
    return f"{mean:.{digits}f} ({spread:.{digits}f})", mean, spread


def _share(count: int, total: int) -> tuple[str, float, float] | None:
    """Summarize by count and percent, as text and as numbers."""
    return (f"{count} ({100 * count / total:.1f})", count, 100 * count / total) if total else None


def _summaries(sides: list[tuple[str, float, float] | None]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for role, side in zip(("development", "external"), sides, strict=True):
        text, value, spread = side or (None, math.nan, math.nan)
        columns |= {role: text, f"value_{role}": value, f"spread_{role}": spread}
    return columns


def _compare_numbers(left: np.ndarray, right: np.ndarray) -> dict[str, Any]:
    if not len(left) or not len(right):
        return _test(note=NOBODY)
    variances = [_sd(left) ** 2, _sd(right) ** 2]
    if not sum(variances) > 0:
        return _test(note="no spread, or one participant in a cohort")
    result = ttest_ind(left, right, equal_var=False)
    smd = abs(left.mean() - right.mean()) / math.sqrt(sum(variances) / 2)
    return _test("Welch t", float(result.statistic), float(result.pvalue), float(smd))


def _compare_categories(counts: np.ndarray) -> dict[str, Any]:
    """Test of a (2, levels) table of counts."""
    if not counts.sum(axis=1).all():
        return _test(note=NOBODY)
    if counts.shape[1] < 2:
        return _test(note="one level only")
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    smd = _category_smd(counts)
    few = bool((expected < SMALLEST_EXPECTED).any())
    if few and counts.shape == (2, 2):
        return _test("Fisher exact", math.nan, float(fisher_exact(counts).pvalue), smd)
    result = chi2_contingency(counts, correction=False)
    note = f"an expected count is below {SMALLEST_EXPECTED}" if few else None
    return _test("chi-square", float(result.statistic), float(result.pvalue), smd, note)


def _category_smd(counts: np.ndarray) -> float:
    """Compute the Mahalanobis distance of the proportions, without the first level."""
    shares = (counts / counts.sum(axis=1, keepdims=True))[:, 1:]
    spread = sum(np.diag(share) - np.outer(share, share) for share in shares) / 2
    gap = shares[0] - shares[1]
    return float(math.sqrt(max(0.0, gap @ np.linalg.pinv(spread) @ gap)))


def _test(
    test: str | None = None,
    statistic: float = math.nan,
    p: float = math.nan,
    smd: float = math.nan,
    note: str | None = None,
) -> dict[str, Any]:
    return {"test": test, "statistic": statistic, "p": p, "smd": smd, "note": note}


def _sd(values: np.ndarray) -> float:
    """Compute the sample standard deviation; 0 if it is only rounding of equal values, NaN for a single value."""
    if len(values) < 2:
        return math.nan
    spread = float(np.std(values, ddof=1))
    return spread if spread > ROUNDING * np.abs(values).max() else 0.0
