"""Draw the AUC of every model (Figure 3), and the best model beside comparators and oracle."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ichdag.constants import COMPARATORS, FEATURE_SETS
from ichdag.figures.display_names import classifier_name, features_name, outcome_name
from ichdag.figures.selection import SHOWN_FOLDS, ordered, rows_of_best, setting_name, settings_of
from ichdag.figures.style import (
    CLASSIFIER_STYLES,
    COMPARATOR_STYLES,
    DARK_GRAY,
    FOLD_STYLES,
    GRAY,
    LIGHT_GRAY,
    draw_message,
    set_size,
    title_row,
)

MEDIAN = "median of classifiers"
NO_AUC = "No AUC could be computed: see the predictions table."


def select_auc(metrics: pd.DataFrame) -> pd.DataFrame:
    """Select AUCs of all models, pooled and external, and compute their median over classifiers."""
    auc_rows = metrics[(metrics["metric"] == "auc") & metrics["fold"].isin(SHOWN_FOLDS)].dropna(subset="value")
    models = auc_rows[auc_rows["features"].isin(FEATURE_SETS)]
    keys = ["outcome", "features", "cohort", "fold", "metric"]
    medians = models.groupby(keys, sort=False).agg(
        value=("value", "median"), n=("n", "max"), positives=("positives", "max")
    )
    return pd.concat([auc_rows, medians.reset_index().assign(classifier=MEDIAN)], ignore_index=True)


def draw_auc(table: pd.DataFrame, figure: Figure) -> None:
    """Draw a panel per outcome and setting: a row per feature set, a mark per classifier, a bar at their median."""
    if table.empty:
        return draw_message(figure, NO_AUC)
    outcomes = list(table["outcome"].drop_duplicates())
    settings = settings_of(table)
    set_size(figure, height_mm=72 * len(settings) + 14)
    axes = figure.subplots(len(settings), len(outcomes), sharex=True, sharey=True, squeeze=False)
    for row, (fold, cohort) in enumerate(settings):
        for column, outcome in enumerate(outcomes):
            chosen = (table["fold"] == fold) & (table["cohort"] == cohort) & (table["outcome"] == outcome)
            _draw_auc_panel(table[chosen], axes[row, column])
            if row == 0:
                axes[row, column].set_title(outcome_name(outcome), pad=14)
        title_row(axes[row, 0], setting_name(fold, cohort))
        axes[row, 0].set_yticks(range(len(FEATURE_SETS)), [features_name(name) for name in FEATURE_SETS])
    low = table["low"].min()
    high = table["high"].max()
    axes[0, 0].set(ylim=(len(FEATURE_SETS) - 0.5, -0.5), xlim=(max(0, low - 0.02), min(1, high + 0.02)))
    for axis in axes[-1]:
        axis.set_xlabel("AUC")
    handles = {
        label: handle for axis in axes.flat for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=5)


def _draw_auc_panel(rows: pd.DataFrame, axis: Axes) -> None:
    """Draw marks with intervals for one outcome in one setting, comparators as vertical lines."""
    axis.axvline(0.5, color=LIGHT_GRAY, linewidth=0.6)
    for edge in range(1, len(FEATURE_SETS)):
        axis.axhline(edge - 0.5, color=LIGHT_GRAY, linewidth=0.4)
    row_of_features = {name: index for index, name in enumerate(FEATURE_SETS)}
    models = rows[rows["features"].isin(FEATURE_SETS)]
    names = ordered(models.loc[models["classifier"] != MEDIAN, "classifier"], list(CLASSIFIER_STYLES))
    step = 0.78 / max(1, len(names))
    for index, name in enumerate(names):
        color, marker = CLASSIFIER_STYLES.get(name, (DARK_GRAY, "P"))
        marks = models[models["classifier"] == name]
        heights = marks["features"].map(row_of_features) + (index - (len(names) - 1) / 2) * step
        axis.hlines(heights, marks["low"], marks["high"], color=color, linewidth=0.5, alpha=0.4)
        axis.plot(marks["value"], heights, marker, color=color, markersize=3, mew=0, label=classifier_name(name))
    medians = models[models["classifier"] == MEDIAN]
    heights = medians["features"].map(row_of_features)
    for height, value in zip(heights, medians["value"], strict=True):
        axis.text(1.01, height, f"{value:.2f}", transform=axis.get_yaxis_transform(), va="center", fontsize=6.5)
    axis.vlines(
        medians["value"],
        heights - 0.45,
        heights + 0.45,
        color=DARK_GRAY,
        linewidth=1.8,
        label="Median of classifiers (number)",
    )
    for name, (color, line) in COMPARATOR_STYLES.items():
        for value in rows.loc[rows["features"] == name, "value"]:
            axis.axvline(value, color=color, linestyle=line, linewidth=0.9, label=features_name(name), zorder=1)
    axis.tick_params(axis="y", length=0)


def select_oracle(metrics: pd.DataFrame) -> pd.DataFrame:
    """Select AUCs of the best model (chosen in cross-validation), the comparators and, if known, the oracle."""
    rows = rows_of_best(metrics[metrics["metric"] == "auc"], metrics, comparators=tuple(COMPARATORS))
    return rows.dropna(subset="value").reset_index(drop=True)


def draw_oracle(table: pd.DataFrame, figure: Figure) -> None:
    """Draw a panel per outcome: AUC with interval of best model, volume, clinical data and oracle, in each setting."""
    if table.empty:
        return draw_message(figure, NO_AUC)
    outcomes = list(table["outcome"].drop_duplicates())
    settings = settings_of(table)
    set_size(figure, height_mm=58)
    axes = figure.subplots(1, len(outcomes), sharex=True, sharey=True, squeeze=False)[0]
    models = ["best", *[name for name in ("volume", "clinical", "oracle") if name in set(table["features"])]]
    for axis, outcome in zip(axes, outcomes, strict=True):
        rows = table[table["outcome"] == outcome]
        row_of_model = rows["features"].where(rows["features"].isin(COMPARATORS), "best").map(models.index)
        axis.axvline(0.5, color=LIGHT_GRAY, linewidth=0.6)
        for index, (fold, cohort) in enumerate(settings):
            color, marker, _ = FOLD_STYLES[fold]
            marks = rows[(rows["fold"] == fold) & (rows["cohort"] == cohort)]
            heights = row_of_model[marks.index] + (index - (len(settings) - 1) / 2) * 0.3
            axis.hlines(heights, marks["low"], marks["high"], color=color, linewidth=1)
            axis.plot(
                marks["value"], heights, marker, color=color, markersize=4.5, mec="white", mew=0.4,
                label=setting_name(fold, cohort),
            )  # fmt: skip
        axis.set_title(outcome_name(outcome))
        axis.set_xlabel("AUC")
        axis.tick_params(axis="y", length=0)
        best = rows[~rows["features"].isin(COMPARATORS)].head(1)
        for best_row in best.itertuples():
            words = f"best: {features_name(best_row.features)},\n{classifier_name(best_row.classifier)}"
            note = axis.text(
                0.03, -0.4, words, transform=axis.get_yaxis_transform(), fontsize=5.5, color=GRAY, va="bottom"
            )
            note.set_in_layout(False)
    axes[0].set_yticks(range(len(models)), ["Best model", *[features_name(name) for name in models[1:]]])
    axes[0].set_ylim(len(models) - 0.5, -1)
    handles = dict(zip(*reversed(axes[0].get_legend_handles_labels()), strict=True))
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4)
