"""Draw the importance of each feature block: its share of SHAP values, and the AUC lost without it (Figure 5)."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ichdag.figures.display_names import classifier_name, features_name, outcome_name
from ichdag.figures.selection import ordered
from ichdag.figures.style import BLOCK_STYLES, CLASSIFIER_STYLES, DARK_GRAY, GRAY, draw_message, set_size

BAR_COLUMNS = {
    "Share of SHAP importance": ("share", "low", "high"),
    "AUC lost when exchanged": ("auc_lost", "auc_lost_low", "auc_lost_high"),
}


def draw_shap(table: pd.DataFrame, figure: Figure) -> None:
    """Draw two panels per outcome, share of SHAP importance and AUC lost; bars with interval per block."""
    table = table.dropna(subset="share")
    if table.empty:
        return draw_message(figure, "No SHAP values: no classifier could be explained.")
    outcomes = list(table["outcome"].drop_duplicates())
    blocks = ordered(table["block"], list(BLOCK_STYLES))
    classifiers = ordered(table["classifier"], list(CLASSIFIER_STYLES))
    set_size(figure, width_mm=min(180, 80 + 100 * len(outcomes)), height_mm=18 + 4 * len(blocks) * len(classifiers))
    axes = figure.subplots(1, 2 * len(outcomes), sharey=True, squeeze=False)[0]
    for index, axis in enumerate(axes):
        rows = table[table["outcome"] == outcomes[index // 2]]
        name, columns = list(BAR_COLUMNS.items())[index % 2]
        axis.set_title(outcome_name(outcomes[index // 2]))
        axis.set_xlabel(name)
        _draw_bars(rows, axis, columns=columns, blocks=blocks, classifiers=classifiers)
    axes[0].set_yticks(range(len(classifiers)), [classifier_name(name) for name in classifiers])
    axes[0].set(ylim=(len(classifiers) - 0.5, -0.5))
    for axis, columns in zip(axes, [*BAR_COLUMNS.values()] * len(outcomes), strict=True):
        lowest = table[list(columns)].min().min()
        largest = table[list(columns)].max().max()
        axis.set_xlim(min(0, lowest * 1.08), max(largest * 1.08, 0.01) if pd.notna(largest) else 1)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)


def _draw_bars(
    rows: pd.DataFrame, axis: Axes, *, columns: tuple[str, str, str], blocks: list[str], classifiers: list[str]
) -> None:
    """Draw a bar with interval per block and classifier; none if the value is missing."""
    value, low, high = columns
    height = 0.8 / len(blocks)
    axis.tick_params(axis="y", length=0)
    axis.axvline(0, color=DARK_GRAY, linewidth=0.8)
    for index, block in enumerate(blocks):
        color, hatch = BLOCK_STYLES.get(block, (GRAY, "++"))
        bars = rows[rows["block"] == block]
        heights = bars["classifier"].map(classifiers.index) + (index - (len(blocks) - 1) / 2) * height
        axis.barh(heights, bars[value], height * 0.92, color=color, hatch=hatch, label=features_name(block))
        axis.hlines(heights, bars[low], bars[high], color=DARK_GRAY, linewidth=0.8)
