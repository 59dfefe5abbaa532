"""Where the true probabilities are known: no model knows more than they do, and some model knows something."""

import pandas as pd

from ichdag.checks.finding import Finding, judge
from ichdag.evaluation import best_models
from ichdag.evaluation.prediction_groups import EXTERNAL, POOLED

TRUTH = "truth"
CHANCE = 0.5
ORACLE = "oracle"


def truth(*, metrics: pd.DataFrame) -> list[Finding]:
    """Each outcome's best model, chosen in cross-validation, against the oracle; `metrics` follows its schema.

    Failed if its pooled or an external AUC exceeds the upper limit of the oracle's, or if no outcome's best model is
    above chance in cross-validation. Skipped where no oracle is known.
    """
    auc = metrics[(metrics["metric"] == "auc") & metrics["fold"].isin([POOLED, EXTERNAL])]
    known = auc[auc["features"] == ORACLE]
    if known.empty:
        return [Finding(TRUTH, "no model beats the known truth", "skipped", "the true probabilities are not known")]
    best = auc.merge(best_models(metrics), on=["outcome", "features", "classifier"])
    keys = ["outcome", "cohort", "fold"]
    pairs = best.merge(known[[*keys, "value", "high"]], on=keys, suffixes=("", "_oracle")).dropna(subset="value")
    outcomes = [_against_the_oracle(outcome, rows) for outcome, rows in pairs.groupby("outcome", sort=False)]
    pooled = best[best["fold"] == POOLED]
    found = ", ".join(f"{row.outcome} {row.value:.3f}" for row in pooled.itertuples())
    faults = [] if (pooled["value"] > CHANCE).any() else ["every best model is at chance or below"]
    check = "some outcome is predicted better than by chance in cross-validation"
    return [*outcomes, judge(TRUTH, check, faults=faults, of=f"AUC: {found}")]


def _against_the_oracle(outcome: str, rows: pd.DataFrame) -> Finding:
    words = {
        row.Index: f"{row.fold} AUC {row.value:.3f}, oracle {row.value_oracle:.3f} (at most {row.high_oracle:.3f})"
        for row in rows.itertuples()
    }
    faults = [words[place] for place in rows.index[rows["value"] > rows["high_oracle"]]]
    model = rows.iloc[0]
    of = f"{model['features']} with {model['classifier']}: {'; '.join(words.values())}"
    return judge(TRUTH, f"the best model of {outcome} does not beat the known truth", faults=faults, of=of)
