"""Compare predicted with manual volumes as Bland and Altman (Lancet 1986)."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ichdag.figures.segmentation import VARIANT_STYLES
from ichdag.figures.style import BLUE, GRAY, VERMILION, draw_message, set_size

COLUMNS = ["subject", "role", "variant", "mean_ml", "difference_ml", "bias_ml", "lower_ml", "upper_ml"]
ROLES = {"development": (BLUE, "o", "-"), "external": (VERMILION, "s", "--")}


def select_bland_altman(scores: pd.DataFrame) -> pd.DataFrame:
    """Compute mean and difference (predicted minus manual) of volumes of every participant with a manual mask.

    Adds the bias of each role and network, and the limits of agreement: bias - and + 1.96 SD of the differences.
    """
    paired = scores[scores["role"].isin(list(ROLES))].dropna(subset=["manual_ml", "predicted_ml"]).copy()
    paired["mean_ml"] = (paired["manual_ml"] + paired["predicted_ml"]) / 2
    paired["difference_ml"] = paired["predicted_ml"] - paired["manual_ml"]
    groups = paired.groupby(["role", "variant"])["difference_ml"]
    paired["bias_ml"] = groups.transform("mean")
    half_width = 1.96 * groups.transform("std")
    paired["lower_ml"] = paired["bias_ml"] - half_width
    paired["upper_ml"] = paired["bias_ml"] + half_width
    return paired[COLUMNS].reset_index(drop=True)


def draw_bland_altman(table: pd.DataFrame, figure: Figure) -> None:
    """Draw a panel per network, with bias (line) and limits of agreement (band) of each role."""
    if table.empty:
        return draw_message(figure, "No manual masks: volumes cannot be compared.")
    set_size(figure, width_mm=165, height_mm=68)
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    reach = np.array([0, table["mean_ml"].max() * 1.05])
    for axis, (variant, (_, _, words)) in zip(axes, VARIANT_STYLES.items(), strict=True):
        axis.axhline(0, color=GRAY, linewidth=0.6)
        for role, (color, marker, style) in ROLES.items():
            rows = table[(table["variant"] == variant) & (table["role"] == role)]
            if rows.empty:
                continue
            bias, lower, upper = rows[["bias_ml", "lower_ml", "upper_ml"]].iloc[0]
            axis.scatter(rows["mean_ml"], rows["difference_ml"], s=10, color=color, marker=marker, alpha=0.8)
            label = f"{role.capitalize()}: {bias:+.1f} mL ({lower:+.1f} to {upper:+.1f})"
            axis.plot(reach, [bias, bias], color=color, linestyle=style, label=label)
            axis.fill_between(reach, lower, upper, color=color, alpha=0.1, linewidth=0)
        axis.set(title=words, xlabel="Mean of predicted and manual volume (mL)")
        axis.legend(title="Bias (limits of agreement)", loc="upper center", bbox_to_anchor=(0.5, -0.2))
    axes[0].set_ylabel("Predicted minus manual (mL)")
