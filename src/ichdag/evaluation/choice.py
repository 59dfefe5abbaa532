"""Which model of each outcome is best, judged inside the development cohort."""

import pandas as pd

from ichdag.evaluation.cells import MODEL, POOLED
from ichdag.names import FEATURE_SETS


def best_models(metrics: pd.DataFrame) -> pd.DataFrame:
    """The model of each outcome (columns outcome, features, classifier) with the highest pooled out-of-fold AUC.

    `metrics` follows its schema. Comparators do not compete and external cohorts are never looked at; ties go to the
    first in the table. An outcome without any AUC has no row. ASSUME: a model that gave everybody the same probability
    in a fold is chosen only where there is no other: its pooled AUC hangs on which of its folds has the larger one.
    """
    rows = metrics[(metrics["metric"] == "auc") & (metrics["fold"] == POOLED) & metrics["features"].isin(FEATURE_SETS)]
    order = {outcome: place for place, outcome in enumerate(metrics["outcome"].drop_duplicates())}
    rows = rows.assign(last=rows["flat"] > 0 if "flat" in rows else False)
    order_of = {"by": ["last", "value"], "ascending": [True, False], "kind": "stable"}
    best = rows.dropna(subset="value").sort_values(**order_of).drop_duplicates("outcome")
    return best.sort_values("outcome", key=lambda names: names.map(order))[MODEL].reset_index(drop=True)
