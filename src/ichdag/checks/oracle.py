"""If true probabilities are known, check that no model exceeds them and that some model is better than chance."""

import pandas as pd

from ichdag.checks.finding import Finding, make_finding
from ichdag.evaluation import best_models
from ichdag.evaluation.prediction_groups import EXTERNAL, POOLED

TRUTH = "truth"
CHANCE = 0.5
ORACLE = "oracle"


def compare_with_oracle(*, metrics: pd.DataFrame) -> list[Finding]:
    """Compare the best model of each outcome, chosen in cross-validation, with the oracle.

    `metrics` follows its schema. Failed if its pooled or an external AUC exceeds the upper limit of the oracle's, or if
    no outcome's best model is above chance in cross-validation. Skipped if no oracle is known.
    """
    auc = metrics[(metrics["metric"] == "auc") & metrics["fold"].isin([POOLED, EXTERNAL])]
    oracle = auc[auc["features"] == ORACLE]
    if oracle.empty:
        return [Finding(TRUTH, "no model beats the known truth", "skipped", "the true probabilities are not known")]
    best = auc.merge(best_models(metrics), on=["outcome", "features", "classifier"])
    keys = ["outcome", "cohort", "fold"]
    pairs = best.merge(oracle[[*keys, "value", "high"]], on=keys, suffixes=("", "_oracle")).dropna(subset="value")
    outcomes = [_against_the_oracle(outcome, rows) for outcome, rows in pairs.groupby("outcome", sort=False)]
    pooled = best[best["fold"] == POOLED]
    aucs = ", ".join(f"{row.outcome} {row.value:.3f}" for row in pooled.itertuples())
    faults = [] if (pooled["value"] > CHANCE).any() else ["every best model is at chance or below"]
    check = "some outcome is predicted better than by chance in cross-validation"
    return [*outcomes, make_finding(TRUTH, check, faults=faults, of=f"AUC: {aucs}")]


def _against_the_oracle(outcome: str, rows: pd.DataFrame) -> Finding:
    words = {
        row.Index: f"{row.fold} AUC {row.value:.3f}, oracle {row.value_oracle:.3f} (at most {row.high_oracle:.3f})"
        for row in rows.itertuples()
    }
    faults = [words[index] for index in rows.index[rows["value"] > rows["high_oracle"]]]
    model = rows.iloc[0]
    of = f"{model['features']} with {model['classifier']}: {'; '.join(words.values())}"
    return make_finding(TRUTH, f"the best model of {outcome} does not beat the known truth", faults=faults, of=of)
