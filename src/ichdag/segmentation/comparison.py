"""Is the dual-scale network better than the single-scale one? Paired tests over participants and over folds."""

import pandas as pd
from scipy.stats import wilcoxon

from ichdag.signed_rank import method_of, moved, smallest_reachable_p

SCORES = {"dice": 1, "hd95_mm": -1, "surface_mm": -1, "volume_error_ml": -1}  # 1: more is better
KEYS = ["subject", "role", "fold"]


def compare_variants(scores: pd.DataFrame) -> pd.DataFrame:
    """Wilcoxon's signed-rank test of both networks on the same scans (schema comparison), for each role and score.

    Pairs are participants scored by both; of the development cohort also the folds, by the means of their participants:
    participants of one fold share a network. With 5 folds the smallest two-sided p is 0.0625.
    """
    known = scores[scores["role"].isin(["development", "external"])].dropna(subset=["dice"])
    known = known.assign(volume_error_ml=(known["predicted_ml"] - known["manual_ml"]).abs())
    rows = []
    for score, direction in SCORES.items():
        pairs = known.pivot_table(index=KEYS, columns="variant", values=score).reindex(columns=["dual", "single"])
        pairs = pairs.dropna().reset_index()
        for role, people in pairs.groupby("role"):
            units = {"participants": people}
            if role == "development":
                units["folds"] = people.groupby("fold")[["dual", "single"]].mean()
            for unit, paired in units.items():
                rows.append({"role": role, "unit": unit, "score": score} | _tested(paired, direction))
    columns = ["role", "unit", "score", "dual", "single", "difference", "better", "p", "smallest_reachable_p", "n"]
    return pd.DataFrame(rows, columns=columns)


def _tested(paired: pd.DataFrame, direction: int) -> dict[str, float]:
    """Medians, how often the dual-scale network is better, and the test; no p where all pairs are tied."""
    gaps = (paired["dual"] - paired["single"]).to_numpy()
    left = moved(gaps)
    better = ((direction * gaps > 0) + 0.5 * (gaps == 0)).mean()
    return {
        "dual": paired["dual"].median(),
        "single": paired["single"].median(),
        "difference": pd.Series(gaps).median(),
        "better": better,
        "p": wilcoxon(left, method=method_of(left)).pvalue if len(left) else float("nan"),
        "smallest_reachable_p": smallest_reachable_p(gaps),
        "n": len(gaps),
    }
