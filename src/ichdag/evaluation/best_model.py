"""Choose the best model of each outcome within the development cohort."""

import pandas as pd

from ichdag.constants import FEATURE_SETS
from ichdag.evaluation.prediction_groups import MODEL_COLUMNS, POOLED


def best_models(metrics: pd.DataFrame) -> pd.DataFrame:
    """Choose the model of each outcome (columns outcome, features, classifier) with the highest pooled out-of-fold AUC.

    `metrics` follows its schema. Comparators are excluded and external cohorts are not used; of equal models the first
    in the table is chosen. An outcome without any AUC has no row. ASSUME: a model with equal probabilities in a fold is
    chosen only if there is no other: its pooled AUC depends on the levels of the folds, not on ranks within them.
    """
    rows = metrics[(metrics["metric"] == "auc") & (metrics["fold"] == POOLED) & metrics["features"].isin(FEATURE_SETS)]
    order = {outcome: index for index, outcome in enumerate(metrics["outcome"].drop_duplicates())}
    rows = rows.assign(last=rows["flat"] > 0 if "flat" in rows else False)
    sorting = {"by": ["last", "value"], "ascending": [True, False], "kind": "stable"}
    best = rows.dropna(subset="value").sort_values(**sorting).drop_duplicates("outcome")
    return best.sort_values("outcome", key=lambda names: names.map(order))[MODEL_COLUMNS].reset_index(drop=True)
