"""Flow of participants through the study (STROBE), a column of boxes per cohort."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ichdag.figures.names import outcome_name
from ichdag.figures.style import INK, say_nothing, size

LINE_MM, PAD_MM, GAP_MM, COLUMN_MM = 3.5, 2.2, 8, 90
MOST_REASONS = 7


def select_flow(flow: pd.DataFrame) -> pd.DataFrame:
    """The flow of development and external cohorts; beyond the commonest, reasons of a cohort are one row."""
    flow = flow[flow["role"].isin(["development", "external"])]
    parts = []
    for _, cohort in flow.groupby(["role", "cohort"], sort=True):
        reasons = cohort[cohort["step"] == "excluded"].sort_values("n", ascending=False, kind="stable")
        kept, rest = reasons.head(MOST_REASONS), reasons.iloc[MOST_REASONS:]
        if len(rest):
            kept = pd.concat([kept, rest.head(1).assign(reason="other reasons", n=rest["n"].sum())])
        parts += [cohort[cohort["step"] == "enrolled"], kept, cohort[~cohort["step"].isin(["enrolled", "excluded"])]]
    return pd.concat(parts, ignore_index=True) if parts else flow


def draw_flow(table: pd.DataFrame, figure: Figure) -> None:
    """Boxes of enrolled, excluded with reasons, included, and with each outcome known; side by side for each cohort."""
    if table.empty:
        return say_nothing(figure, "No participants.")
    cohorts = list(table[["cohort", "role"]].drop_duplicates().itertuples(index=False, name=None))
    columns = [_boxes(table[(table["cohort"] == cohort) & (table["role"] == role)]) for cohort, role in cohorts]
    middle = max(_height(column["excluded"]) for column in columns)
    lowest = max(_height(column["lacking"]) if column["lacking"] else 0 for column in columns)
    tall = {step: max(_height(column[step]) for column in columns) for step in ("enrolled", "included", "known")}
    tall["known"] = max(tall["known"], lowest)
    height = 4 * PAD_MM + 3 * GAP_MM + middle + sum(tall.values())
    size(figure, width_mm=COLUMN_MM * len(cohorts), height_mm=height)
    figure.set_layout_engine("none")
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, COLUMN_MM * len(cohorts)), ylim=(height, 0))
    axis.set_axis_off()
    for place, column in enumerate(columns):
        _draw_column(column, axis, left=place * COLUMN_MM, tall=tall, middle=middle)


def _boxes(rows: pd.DataFrame) -> dict[str, list[str]]:
    """The lines of text of each box of one cohort."""
    counts = {step: int(rows.loc[rows["step"] == step, "n"].sum()) for step in ("enrolled", "excluded", "included")}
    cohort, role = rows[["cohort", "role"]].iloc[0]
    known = rows[rows["step"] == "with outcome"]
    events = rows[rows["step"] == "with event"].set_index("outcome")["n"].to_dict()
    reasons = [f"{row.reason} ({row.n:.0f})" for row in rows[rows["step"] == "excluded"].itertuples()]
    lines = [line for reason in reasons for line in textwrap.wrap(f"• {reason}", 40, subsequent_indent="   ")]
    return {
        "enrolled": [*textwrap.wrap(f"{cohort} ({role})", 28), f"enrolled: {counts['enrolled']}"],
        "excluded": [f"excluded: {counts['excluded']}", *lines],
        "included": [f"included: {counts['included']}"],
        "known": [
            "outcome known (with event):",
            *[
                f"{outcome_name(row.outcome)}: {row.n:.0f} ({events.get(row.outcome, 0):.0f})"
                for row in known.itertuples()
            ],
        ],
        "lacking": _lacking(rows[rows["step"] == "without outcome"]),
    }


def _lacking(rows: pd.DataFrame) -> list[str]:
    """Lines on who lacks an outcome and why; outcomes that are lacked by as many for the same reasons share a line."""
    words: dict[str, list[str]] = {}
    for outcome, group in rows.groupby("outcome", sort=False):
        why = "; ".join(f"{row.reason} ({row.n:.0f})" for row in group.itertuples())
        words.setdefault(why, []).append(outcome_name(outcome))
    texts = [f"{', '.join(names)}: {why}" for why, names in words.items()]
    lines = [line for text in texts for line in textwrap.wrap(f"• {text}", 29, subsequent_indent="   ")]
    return ["outcome not known:", *lines] if lines else []


def _height(lines: list[str]) -> float:
    """Height of a box in mm."""
    return len(lines) * LINE_MM + 2 * PAD_MM


def _draw_column(
    column: dict[str, list[str]], axis: Axes, *, left: float, tall: dict[str, float], middle: float
) -> None:
    """The boxes and arrows of one cohort, from y = 2 PAD_MM downward (mm)."""
    center, top = left + 24, 2 * PAD_MM
    starts = {"enrolled": top, "included": top + tall["enrolled"] + 2 * GAP_MM + middle}
    starts["known"] = starts["included"] + tall["included"] + GAP_MM
    aside = top + tall["enrolled"] + GAP_MM
    arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}
    for above, below in (("enrolled", "included"), ("included", "known")):
        axis.annotate("", (center, starts[below]), (center, starts[above] + tall[above]), arrowprops=arrow)
    level = aside + _height(column["excluded"]) / 2
    axis.annotate("", (left + 33, level), (center, level), arrowprops=arrow)
    for step, y in starts.items():
        _draw_box(column[step], axis, x=left + 3, y=y, width=42, height=tall[step])
    _draw_box(column["excluded"], axis, x=left + 33, y=aside, width=55, height=_height(column["excluded"]))
    if column["lacking"]:
        below = starts["known"]
        _draw_box(column["lacking"], axis, x=left + 47, y=below, width=41, height=_height(column["lacking"]))


def _draw_box(lines: list[str], axis: Axes, *, x: float, y: float, width: float, height: float) -> None:
    """One box with its first line in bold."""
    axis.add_patch(Rectangle((x, y), width, height, facecolor="white", edgecolor=INK, linewidth=0.8, zorder=2))
    for place, line in enumerate(lines):
        weight = "bold" if place == 0 else "normal"
        level = y + PAD_MM + (place + 0.5) * LINE_MM
        axis.text(x + PAD_MM, level, line, weight=weight, fontsize=6.3, va="center", zorder=3)
