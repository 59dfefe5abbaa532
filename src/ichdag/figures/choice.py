"""Which numbers are shown: the evaluated settings, the best model of each outcome, the rows of a model."""

import pandas as pd

from ichdag.figures.names import fold_name
from ichdag.schemas import COMPARATORS, FEATURE_SETS

SHOWN = ("pooled", "external")


def settings_of(table: pd.DataFrame) -> list[tuple[str, str]]:
    """The (fold, cohort) pairs that were evaluated: pooled cross-validation first, then each external cohort."""
    pairs = table[["fold", "cohort"]].drop_duplicates()
    return [(fold, cohort) for fold in SHOWN for cohort in sorted(pairs.loc[pairs["fold"] == fold, "cohort"])]


def setting_name(fold: str, cohort: str) -> str:
    """How an evaluated setting is titled."""
    return f"{fold_name(fold)}: {cohort}"


def best_models(metrics: pd.DataFrame) -> pd.DataFrame:
    """The best model of each outcome, columns outcome, features, classifier, by pooled out-of-fold AUC.

    Comparators do not compete and external cohorts are never looked at; ties go to the first in the table.
    """
    fields = (metrics["metric"] == "auc") & (metrics["fold"] == "pooled") & metrics["features"].isin(FEATURE_SETS)
    keys = ["outcome", "features", "classifier"]
    means = metrics[fields].groupby(keys, sort=False)["value"].mean().dropna().reset_index()
    best = means.sort_values("value", ascending=False, kind="stable").drop_duplicates("outcome")
    order = {outcome: place for place, outcome in enumerate(metrics["outcome"].drop_duplicates())}
    return best.sort_values("outcome", key=lambda names: names.map(order))[keys].reset_index(drop=True)


def rows_of_best(table: pd.DataFrame, metrics: pd.DataFrame, *, comparators: tuple[str, ...] = ()) -> pd.DataFrame:
    """The rows of a table that belong to the best model of each outcome, and to these comparators."""
    best = table.merge(best_models(metrics), on=["outcome", "features", "classifier"])
    others = table[table["features"].isin(comparators) & table["features"].isin(COMPARATORS)]
    rows = pd.concat([best, others], ignore_index=True)
    return rows[rows["fold"].isin(SHOWN)].reset_index(drop=True)


def ordered(values: pd.Series, order: tuple[str, ...] | list[str]) -> list[str]:
    """The distinct values in a stated order, those it does not name after them."""
    found = list(values.drop_duplicates())
    return [value for value in order if value in found] + [value for value in found if value not in order]
