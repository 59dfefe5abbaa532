"""Adjust p values for multiple comparisons."""

import numpy as np

METHODS = {"p_bonferroni": "bonferroni", "p_holm": "holm", "p_bh": "fdr_bh"}


def adjust(p: np.ndarray, *, method: str) -> np.ndarray:
    """Adjust the p values of one family (statsmodels); NaN stays NaN and does not count in the family."""
    from statsmodels.stats.multitest import multipletests

    p = np.asarray(p, dtype=float)
    is_known = ~np.isnan(p)
    adjusted = np.full(len(p), np.nan)
    if is_known.any():
        adjusted[is_known] = multipletests(p[is_known], method=method)[1]
    return adjusted
