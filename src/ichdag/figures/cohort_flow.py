"""Draw the flow of participants through the study (STROBE), a column of boxes per cohort."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ichdag.figures.display_names import outcome_name
from ichdag.figures.style import DARK_GRAY, draw_message, set_size

LINE_MM, PAD_MM, GAP_MM, COLUMN_MM = 3.5, 2.2, 8, 90
MAX_REASONS = 7


def select_flow(flow: pd.DataFrame) -> pd.DataFrame:
    """Select the flow of development and external cohorts; rarer reasons of a cohort are merged into one row."""
    flow = flow[flow["role"].isin(["development", "external"])]
    parts = []
    for _, cohort in flow.groupby(["role", "cohort"], sort=True):
        reasons = cohort[cohort["step"] == "excluded"].sort_values("n", ascending=False, kind="stable")
        frequent = reasons.head(MAX_REASONS)
        rest = reasons.iloc[MAX_REASONS:]
        if len(rest):
            frequent = pd.concat([frequent, rest.head(1).assign(reason="other reasons", n=rest["n"].sum())])
        parts += [
            cohort[cohort["step"] == "enrolled"],
            frequent,
            cohort[~cohort["step"].isin(["enrolled", "excluded"])],
        ]
    return pd.concat(parts, ignore_index=True) if parts else flow


def draw_flow(table: pd.DataFrame, figure: Figure) -> None:
    """Draw boxes: enrolled, excluded with reasons, included, outcome known; a column for each cohort."""
    if table.empty:
        return draw_message(figure, "No participants.")
    cohorts = list(table[["cohort", "role"]].drop_duplicates().itertuples(index=False, name=None))
    columns = [_boxes(table[(table["cohort"] == cohort) & (table["role"] == role)]) for cohort, role in cohorts]
    middle = max(_height(column["excluded"]) for column in columns)
    lowest = max(_height(column["lacking"]) if column["lacking"] else 0 for column in columns)
    tall = {step: max(_height(column[step]) for column in columns) for step in ("enrolled", "included", "known")}
    tall["known"] = max(tall["known"], lowest)
    height = 4 * PAD_MM + 3 * GAP_MM + middle + sum(tall.values())
    set_size(figure, width_mm=COLUMN_MM * len(cohorts), height_mm=height)
    figure.set_layout_engine("none")
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, COLUMN_MM * len(cohorts)), ylim=(height, 0))
    axis.set_axis_off()
    for index, column in enumerate(columns):
        _draw_column(column, axis, left=index * COLUMN_MM, tall=tall, middle=middle)


def _boxes(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Write the lines of text of each box of one cohort."""
    counts = {step: int(rows.loc[rows["step"] == step, "n"].sum()) for step in ("enrolled", "excluded", "included")}
    cohort, role = rows[["cohort", "role"]].iloc[0]
    with_outcome = rows[rows["step"] == "with outcome"]
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
                for row in with_outcome.itertuples()
            ],
        ],
        "lacking": _without_outcome(rows[rows["step"] == "without outcome"]),
    }


def _without_outcome(rows: pd.DataFrame) -> list[str]:
    """Write the numbers without outcome and the reasons; outcomes with equal numbers and reasons share a line."""
    outcomes_by_reason: dict[str, list[str]] = {}
    for outcome, group in rows.groupby("outcome", sort=False):
        reasons = "; ".join(f"{row.reason} ({row.n:.0f})" for row in group.itertuples())
        outcomes_by_reason.setdefault(reasons, []).append(outcome_name(outcome))
    texts = [f"{', '.join(names)}: {reasons}" for reasons, names in outcomes_by_reason.items()]
    lines = [line for text in texts for line in textwrap.wrap(f"• {text}", 29, subsequent_indent="   ")]
    return ["outcome not known:", *lines] if lines else []


def _height(lines: list[str]) -> float:
    """Compute the height of a box in mm."""
    return len(lines) * LINE_MM + 2 * PAD_MM


def _draw_column(
    column: dict[str, list[str]], axis: Axes, *, left: float, tall: dict[str, float], middle: float
) -> None:
    """Draw the boxes and arrows of one cohort, from y = 2 PAD_MM downward (mm)."""
    center = left + 24
    top = 2 * PAD_MM
    starts = {"enrolled": top, "included": top + tall["enrolled"] + 2 * GAP_MM + middle}
    starts["known"] = starts["included"] + tall["included"] + GAP_MM
    excluded_top = top + tall["enrolled"] + GAP_MM
    arrow = {"arrowstyle": "-|>", "color": DARK_GRAY, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}
    for upper, lower in (("enrolled", "included"), ("included", "known")):
        axis.annotate("", (center, starts[lower]), (center, starts[upper] + tall[upper]), arrowprops=arrow)
    level = excluded_top + _height(column["excluded"]) / 2
    axis.annotate("", (left + 33, level), (center, level), arrowprops=arrow)
    for step, y in starts.items():
        _draw_box(column[step], axis, x=left + 3, y=y, width=42, height=tall[step])
    _draw_box(column["excluded"], axis, x=left + 33, y=excluded_top, width=55, height=_height(column["excluded"]))
    if column["lacking"]:
        _draw_box(column["lacking"], axis, x=left + 47, y=starts["known"], width=41, height=_height(column["lacking"]))


def _draw_box(lines: list[str], axis: Axes, *, x: float, y: float, width: float, height: float) -> None:
    """Draw one box with its first line in bold."""
    axis.add_patch(Rectangle((x, y), width, height, facecolor="white", edgecolor=DARK_GRAY, linewidth=0.8, zorder=2))
    for index, line in enumerate(lines):
        weight = "bold" if index == 0 else "normal"
        level = y + PAD_MM + (index + 0.5) * LINE_MM
        axis.text(x + PAD_MM, level, line, weight=weight, fontsize=6.3, va="center", zorder=3)
