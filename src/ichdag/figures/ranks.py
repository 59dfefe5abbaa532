"""Draw mean ranks of the feature sets as in Friedman's test, after Demšar's critical-difference diagrams."""

import pandas as pd
from matplotlib.figure import Figure

from ichdag.constants import FEATURE_SETS
from ichdag.figures.auc import NO_AUC
from ichdag.figures.display_names import features_name, outcome_name
from ichdag.figures.selection import setting_name, settings_of
from ichdag.figures.style import FOLD_STYLES, LIGHT_GRAY, draw_message, set_size

FOLDS = ("mean", "external")


def select_ranks(metrics: pd.DataFrame) -> pd.DataFrame:
    """Compute the mean rank (1 is best) of each feature set over classifiers, per outcome and setting, mean of ties.

    Only classifiers with an AUC (mean over folds, or external) for every feature set are counted.
    """
    rows = metrics[(metrics["metric"] == "auc") & metrics["features"].isin(FEATURE_SETS) & metrics["fold"].isin(FOLDS)]
    keys = ["outcome", "fold", "cohort", "classifier"]
    rows = rows[rows.groupby(keys)["value"].transform("count") == rows["features"].nunique()]
    rows = rows.assign(rank=rows.groupby(keys)["value"].rank(ascending=False))
    keys = ["outcome", "fold", "cohort", "features"]
    return rows.groupby(keys, sort=False).agg(rank=("rank", "mean"), n=("rank", "size")).reset_index()


def draw_ranks(table: pd.DataFrame, figure: Figure) -> None:
    """Draw a panel per outcome: the mean rank of each feature set in each setting."""
    if table.empty:
        return draw_message(figure, NO_AUC)
    outcomes = list(table["outcome"].drop_duplicates())
    settings = settings_of(table, folds=FOLDS)
    names = [name for name in FEATURE_SETS if name in set(table["features"])]
    set_size(figure, height_mm=66)
    axes = figure.subplots(1, len(outcomes), sharex=True, sharey=True, squeeze=False)[0]
    for axis, outcome in zip(axes, outcomes, strict=True):
        for index, (fold, cohort) in enumerate(settings):
            color, marker, _ = FOLD_STYLES[fold]
            chosen = (table["outcome"] == outcome) & (table["fold"] == fold) & (table["cohort"] == cohort)
            marks = table[chosen]
            heights = marks["features"].map(names.index) + (index - (len(settings) - 1) / 2) * 0.24
            axis.plot(marks["rank"], heights, marker, color=color, markersize=4.5, mec="white", mew=0.4,
                      label=setting_name(fold, cohort))  # fmt: skip
        for edge in range(1, len(names)):
            axis.axhline(edge - 0.5, color=LIGHT_GRAY, linewidth=0.4)
        axis.set_title(outcome_name(outcome))
        axis.set_xlabel("Mean rank (1 = best)")
        axis.tick_params(axis="y", length=0)
    axes[0].set_yticks(range(len(names)), [features_name(name) for name in names])
    axes[0].set(ylim=(len(names) - 0.5, -0.5), xlim=(0.7, len(names) + 0.3))
    axes[0].set_xticks(range(1, len(names) + 1))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
