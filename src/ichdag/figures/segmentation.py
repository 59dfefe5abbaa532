"""Draw Dice of the two networks, per fold and on external cohorts."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ichdag.constants import FINAL
from ichdag.figures.style import BLUE, GRAY, ORANGE, draw_message, set_size

VARIANT_STYLES = {"dual": (BLUE, "o", "Dual scale"), "single": (ORANGE, "^", "Single scale")}


def select_dice(scores: pd.DataFrame) -> pd.DataFrame:
    """Compute mean and SD of Dice over participants, per network, in each fold, all folds ('all'), external cohorts.

    Fold 'mean' has the mean and SD of the fold means, as cross-validation results are often reported.
    """
    scored = scores[scores["role"].isin(["development", "external"])].dropna(subset="dice")
    all_folds = scored[scored["role"] == "development"].assign(fold="all")
    rows = pd.concat([scored, all_folds], ignore_index=True)
    table = rows.groupby(["role", "variant", "fold"]).agg(
        mean=("dice", "mean"),
        sd=("dice", "std"),
        median=("dice", "median"),
        low=("dice", lambda dice: dice.quantile(0.25)),
        high=("dice", lambda dice: dice.quantile(0.75)),
        worst=("dice", "min"),
        hd95_mm=("hd95_mm", "median"),
        n=("dice", "size"),
    )
    table = table.reset_index()
    inner = table[(table["role"] == "development") & (table["fold"] != "all")]
    folds = (
        inner.groupby(["role", "variant"]).agg(sd=("mean", "std"), mean=("mean", "mean"), n=("n", "sum")).reset_index()
    )
    return pd.concat([table, folds.assign(fold="mean")], ignore_index=True)


def draw_dice(table: pd.DataFrame, figure: Figure) -> None:
    """Draw mean and SD of Dice in each fold, over all folds and on external participants if any, for both networks."""
    if table.empty:
        return draw_message(figure, "No manual masks: the Dice coefficient is not known.")
    table = table[table["fold"] != "mean"]
    folds = sorted(set(table.loc[table["role"] == "development", "fold"]) - {"all"})
    positions: dict[tuple[str, str], float] = {("development", fold): position for position, fold in enumerate(folds)}
    positions["development", "all"] = len(folds) + 0.6
    labels = [f"Fold {fold}" for fold in folds] + [_summary(table, "All folds", "all")]
    has_external = "external" in set(table["role"])
    if has_external:
        positions["external", FINAL] = len(folds) + 2.4
        labels.append(_summary(table, "External", FINAL))
    set_size(figure, width_mm=165, height_mm=62)
    axis = figure.subplots()
    for shift, (variant, (color, marker, words)) in zip((-0.16, 0.16), VARIANT_STYLES.items(), strict=True):
        rows = table[table["variant"] == variant]
        x = np.array([positions[role, fold] for role, fold in zip(rows["role"], rows["fold"], strict=True)]) + shift
        axis.errorbar(
            x,
            rows["mean"],
            yerr=rows["sd"].fillna(0),
            fmt=marker,
            color=color,
            markersize=4.5,
            elinewidth=0.9,
            capsize=2,
            label=words,
        )
    for edge in (len(folds) - 0.35, len(folds) + 1.5)[: 1 + has_external]:
        axis.axvline(edge, color=GRAY, linewidth=0.5, linestyle=":")
    axis.set_xticks(list(positions.values()), labels)
    right = len(folds) + (3.3 if has_external else 1.5)
    axis.set(ylabel="Dice (mean ± SD over participants)", ylim=(0, 1.04), xlim=(-0.6, right))
    axis.legend(loc="lower left")


def _summary(table: pd.DataFrame, title: str, fold: str) -> str:
    """Write the title of a group with mean and SD of each network below it."""
    rows = table[table["fold"] == fold].itertuples()
    return "\n".join([title, *[f"{row.variant} {row.mean:.2f} ± {row.sd:.2f}" for row in rows]])
