"""What the models used: share of each feature block by SHAP (Figure 5)."""

import pandas as pd
from matplotlib.figure import Figure

from ichdag.figures.choice import ordered
from ichdag.figures.names import classifier_name, features_name, outcome_name
from ichdag.figures.style import BLOCK_LOOKS, CLASSIFIER_LOOKS, INK, QUIET, say_nothing, size


def draw_shap(table: pd.DataFrame, figure: Figure) -> None:
    """One panel per outcome: a bar per block and classifier, share of all SHAP importance, with interval."""
    table = table.dropna(subset="share")
    if table.empty:
        return say_nothing(figure, "No SHAP values: no classifier could be explained.")
    outcomes = list(table["outcome"].drop_duplicates())
    blocks = ordered(table["block"], list(BLOCK_LOOKS))
    classifiers = ordered(table["classifier"], list(CLASSIFIER_LOOKS))
    height = 0.8 / len(blocks)
    size(figure, width_mm=min(180, 80 + 50 * len(outcomes)), height_mm=18 + 4 * len(blocks) * len(classifiers))
    axes = figure.subplots(1, len(outcomes), sharex=True, sharey=True, squeeze=False)[0]
    for axis, outcome in zip(axes, outcomes, strict=True):
        rows = table[table["outcome"] == outcome]
        axis.set_title(outcome_name(outcome))
        axis.set_xlabel("Share of SHAP importance")
        axis.tick_params(axis="y", length=0)
        for place, block in enumerate(blocks):
            color, hatch = BLOCK_LOOKS.get(block, (QUIET, "++"))
            bars = rows[rows["block"] == block]
            heights = bars["classifier"].map(classifiers.index) + (place - (len(blocks) - 1) / 2) * height
            axis.barh(heights, bars["share"], height * 0.92, color=color, hatch=hatch, label=features_name(block))
            axis.hlines(heights, bars["low"], bars["high"], color=INK, linewidth=0.8)
    axes[0].set_yticks(range(len(classifiers)), [classifier_name(name) for name in classifiers])
    largest = table[["share", "high"]].fillna(0).max().max() or 1
    axes[0].set(ylim=(len(classifiers) - 0.5, -0.5), xlim=(0, min(1, largest * 1.08)))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
