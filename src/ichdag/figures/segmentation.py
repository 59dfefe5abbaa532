"""Dice of the two networks, per fold and on external cohorts."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ichdag.figures.style import BLUE, INK, ORANGE, QUIET, say_nothing, size

LOOKS = {"dual": (BLUE, "o", "Dual scale"), "single": (ORANGE, "^", "Single scale")}


def select_dice(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean and SD of Dice per network and fold, over the fold means' participants ('all'), and on external cohorts."""
    known = scores[scores["role"].isin(["development", "external"])].dropna(subset="dice")
    whole = known[known["role"] == "development"].assign(fold="all")
    rows = pd.concat([known, whole], ignore_index=True)
    table = rows.groupby(["role", "variant", "fold"]).agg(
        mean=("dice", "mean"), sd=("dice", "std"), median=("dice", "median"), low=("dice", lambda dice: dice.quantile(0.25)),
        high=("dice", lambda dice: dice.quantile(0.75)), worst=("dice", "min"), hd95_mm=("hd95_mm", "median"), n=("dice", "size"),
    )  # fmt: skip
    return table.reset_index()


def draw_dice(table: pd.DataFrame, figure: Figure) -> None:
    """Mean and SD of Dice in each fold, over all folds and on external participants, for both networks."""
    if table.empty:
        return say_nothing(figure, "No manual masks: the Dice coefficient is not known.")
    inner = table[table["role"] == "development"]
    folds = sorted(set(inner["fold"]) - {"all"})
    places = {("development", fold): place for place, fold in enumerate(folds)}
    places |= {("development", "all"): len(folds) + 0.4, ("external", "final"): len(folds) + 1.8}
    size(figure, width_mm=130, height_mm=62)
    axis = figure.subplots()
    for shift, (variant, (color, marker, words)) in zip((-0.16, 0.16), LOOKS.items()):
        rows = table[table["variant"] == variant]
        x = np.array([places[role, fold] for role, fold in zip(rows["role"], rows["fold"])]) + shift
        axis.errorbar(
            x, rows["mean"], yerr=rows["sd"].fillna(0), fmt=marker, color=color, markersize=4.5, elinewidth=0.9, capsize=2,
            label=words,
        )  # fmt: skip
        for across, row in zip(x, rows.itertuples()):
            if row.fold in ("all", "final"):
                words = f"{row.mean:.2f} ± {row.sd:.2f}"
                axis.text(across + 0.08, row.mean, words, rotation=90, fontsize=6, color=INK, va="center")
    axis.axvline(len(folds) - 0.3, color=QUIET, linewidth=0.5, linestyle=":")
    axis.axvline(len(folds) + 1.1, color=QUIET, linewidth=0.5, linestyle=":")
    labels = [f"Fold {fold}" for fold in folds] + ["All folds", "External"]
    axis.set_xticks(list(places.values()), labels)
    axis.set(ylabel="Dice (mean ± SD over participants)", ylim=(0, 1.04), xlim=(-0.6, len(folds) + 2.5))
    axis.legend(loc="lower left")
