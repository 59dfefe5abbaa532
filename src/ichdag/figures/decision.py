"""Draw decision curves: net benefit of the best model, volume, clinical data, treating all and treating none."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ichdag.constants import COMPARATORS
from ichdag.figures.display_names import outcome_name
from ichdag.figures.selection import rows_of_best, setting_name, settings_of
from ichdag.figures.style import BLUE, DARK_GRAY, GRAY, GREEN, LIGHT_GRAY, VERMILION, draw_message, set_size, title_row

CURVE_STYLES = {
    "best": (BLUE, "-", 1.8, "Best model"),
    "volume": (VERMILION, "--", 1.1, "Volume alone"),
    "clinical": (GREEN, "-.", 1.1, "Clinical data alone"),
}


def select_decision(decision: pd.DataFrame, *, metrics: pd.DataFrame) -> pd.DataFrame:
    """Select the decision curves of the best model of each outcome, of volume alone and of clinical data alone."""
    return rows_of_best(decision, metrics, comparators=("volume", "clinical"))


def draw_decision(table: pd.DataFrame, figure: Figure) -> None:
    """Draw a panel per outcome and setting: net benefit against threshold probability."""
    if table.empty:
        return draw_message(figure, "No decision curves: no model was evaluated.")
    outcomes = list(table["outcome"].drop_duplicates())
    settings = settings_of(table)
    set_size(figure, height_mm=50 * len(settings) + 10)
    axes = figure.subplots(len(settings), len(outcomes), sharex=True, sharey="row", squeeze=False)
    for row, (fold, cohort) in enumerate(settings):
        chosen = table[(table["fold"] == fold) & (table["cohort"] == cohort)]
        for column, outcome in enumerate(outcomes):
            _draw_decision_panel(chosen[chosen["outcome"] == outcome], axes[row, column])
            if row == 0:
                axes[row, column].set_title(outcome_name(outcome), pad=14)
        title_row(axes[row, 0], setting_name(fold, cohort))
        top = max(chosen["net_benefit"].max(), chosen["treat_all"].max(), 0.01)
        axes[row, 0].set(ylabel="Net benefit", ylim=(-0.3 * top, 1.1 * top), xlim=(0, 1))
    for axis in axes[-1]:
        axis.set_xlabel("Threshold probability")
        axis.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5)


def _draw_decision_panel(rows: pd.DataFrame, axis: Axes) -> None:
    """Draw the curves of one outcome in one setting."""
    axis.axhline(0, color=LIGHT_GRAY, linewidth=0.6, zorder=0)
    kinds = rows["features"].where(rows["features"].isin(COMPARATORS), "best")
    for kind, (color, line, width, words) in CURVE_STYLES.items():
        curve = rows[kinds == kind].sort_values("threshold")
        if len(curve):
            axis.plot(curve["threshold"], curve["net_benefit"], line, color=color, linewidth=width, label=words)
    treat_all = rows[kinds == "best"].sort_values("threshold")
    axis.plot(treat_all["threshold"], treat_all["treat_all"], ":", color=GRAY, label="Treat all")
    axis.plot([0, 1], [0, 0], "-", color=DARK_GRAY, linewidth=0.6, label="Treat none")
