"""Select what figures show: the evaluated settings, and the rows of the best model of each outcome."""

import pandas as pd

from ichdag.constants import COMPARATORS
from ichdag.evaluation import best_models
from ichdag.figures.display_names import fold_name

SHOWN_FOLDS = ("pooled", "external")


def settings_of(table: pd.DataFrame, *, folds: tuple[str, ...] = SHOWN_FOLDS) -> list[tuple[str, str]]:
    """List the (fold, cohort) pairs that were evaluated: cross-validation first, then each external cohort."""
    pairs = table[["fold", "cohort"]].drop_duplicates()
    return [(fold, cohort) for fold in folds for cohort in sorted(pairs.loc[pairs["fold"] == fold, "cohort"])]


def setting_name(fold: str, cohort: str) -> str:
    """Title an evaluated setting."""
    return f"{fold_name(fold)}: {cohort}"


def rows_of_best(table: pd.DataFrame, metrics: pd.DataFrame, *, comparators: tuple[str, ...] = ()) -> pd.DataFrame:
    """Select the rows of a table of the best model of each outcome, and of these comparators."""
    best = table.merge(best_models(metrics), on=["outcome", "features", "classifier"])
    others = table[table["features"].isin(comparators) & table["features"].isin(COMPARATORS)]
    rows = pd.concat([best, others], ignore_index=True)
    return rows[rows["fold"].isin(SHOWN_FOLDS)].reset_index(drop=True)


def ordered(values: pd.Series, order: tuple[str, ...] | list[str]) -> list[str]:
    """Sort distinct values by a given order; values that it lacks come last."""
    present = list(values.drop_duplicates())
    return [value for value in order if value in present] + [value for value in present if value not in order]
