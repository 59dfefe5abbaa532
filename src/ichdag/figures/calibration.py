"""Draw the calibration of the best model of each outcome (Figure 4)."""

import pandas as pd
from matplotlib.figure import Figure

from ichdag.figures.display_names import classifier_name, features_name, outcome_name
from ichdag.figures.selection import rows_of_best, setting_name, settings_of
from ichdag.figures.style import FOLD_STYLES, GRAY, draw_message, set_size


def select_calibration(calibration: pd.DataFrame, *, metrics: pd.DataFrame) -> pd.DataFrame:
    """Select the calibration bins of the best model of each outcome, chosen by cross-validation in `metrics`."""
    return rows_of_best(calibration, metrics)


def draw_calibration(table: pd.DataFrame, figure: Figure) -> None:
    """Draw a panel per outcome: observed fraction against mean predicted probability, with intervals, per setting."""
    if table.empty:
        return draw_message(figure, "No calibration bins: too few participants.")
    outcomes = list(table["outcome"].drop_duplicates())
    settings = settings_of(table)
    set_size(figure, height_mm=66)
    axes = figure.subplots(1, len(outcomes), sharex=True, sharey=True, squeeze=False)[0]
    for axis, outcome in zip(axes, outcomes, strict=True):
        rows = table[table["outcome"] == outcome]
        axis.plot([0, 1], [0, 1], color=GRAY, linewidth=0.7, linestyle=":", label="Perfect calibration")
        for index, (fold, cohort) in enumerate(settings):
            color, marker, line = FOLD_STYLES[fold]
            bins = rows[(rows["fold"] == fold) & (rows["cohort"] == cohort)].sort_values("bin")
            bars = [bins["observed"] - bins["low"], bins["high"] - bins["observed"]]
            axis.errorbar(
                bins["predicted"], bins["observed"], yerr=[bar.clip(lower=0) for bar in bars], color=color,
                marker=marker, linestyle=line, markersize=3.5, linewidth=0.9, elinewidth=0.6, mew=0,
                label=setting_name(fold, cohort), zorder=3 - 0.1 * index,
            )  # fmt: skip
        model = rows.iloc[0]
        words = f"{features_name(model['features'])}\n{classifier_name(model['classifier'])}"
        axis.set_title(outcome_name(outcome))
        axis.text(0.99, 0.02, words, transform=axis.transAxes, fontsize=5.5, color=GRAY, ha="right")
        axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal", xlabel="Predicted probability")
        axis.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        axis.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes[0].set_ylabel("Observed fraction")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
