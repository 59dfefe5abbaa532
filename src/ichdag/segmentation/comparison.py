"""Compare the dual-scale with the single-scale network by paired tests over participants and over folds."""

import pandas as pd
from scipy.stats import wilcoxon

from ichdag.signed_rank import drop_zeros, smallest_reachable_p, wilcoxon_method

SCORES = {"dice": 1, "hd95_mm": -1, "surface_mm": -1, "volume_error_ml": -1}  # 1: higher is better
KEYS = ["subject", "role", "fold"]


def compare_variants(scores: pd.DataFrame) -> pd.DataFrame:
    """Test both networks on the same scans by Wilcoxon's signed-rank test, for each role and score (schema comparison).

    Pairs are participants scored by both networks. In the development cohort pairs are also folds, with the mean of
    their participants, because participants of one fold share a network. With 5 folds the smallest two-sided p is
    0.0625.
    """
    scored = scores[scores["role"].isin(["development", "external"])].dropna(subset=["dice"])
    scored = scored.assign(volume_error_ml=(scored["predicted_ml"] - scored["manual_ml"]).abs())
    rows = []
    for score, direction in SCORES.items():
        pairs = scored.pivot_table(index=KEYS, columns="variant", values=score).reindex(columns=["dual", "single"])
        pairs = pairs.dropna().reset_index()
        for role, participants in pairs.groupby("role"):
            units = {"participants": participants}
            if role == "development":
                units["folds"] = participants.groupby("fold")[["dual", "single"]].mean()
            for unit, paired in units.items():
                rows.append({"role": role, "unit": unit, "score": score} | _paired_test(paired, direction))
    columns = ["role", "unit", "score", "dual", "single", "difference", "better", "p", "smallest_reachable_p", "n"]
    return pd.DataFrame(rows, columns=columns)


def _paired_test(paired: pd.DataFrame, direction: int) -> dict[str, float]:
    """Return medians, the fraction of pairs in which the dual-scale network is better, and p (missing if all tie)."""
    differences = (paired["dual"] - paired["single"]).to_numpy()
    nonzero = drop_zeros(differences)
    better = ((direction * differences > 0) + 0.5 * (differences == 0)).mean()
    return {
        "dual": paired["dual"].median(),
        "single": paired["single"].median(),
        "difference": pd.Series(differences).median(),
        "better": better,
        "p": wilcoxon(nonzero, method=wilcoxon_method(nonzero)).pvalue if len(nonzero) else float("nan"),
        "smallest_reachable_p": smallest_reachable_p(differences),
        "n": len(differences),
    }
