"""Style of all figures, and how they are written: colorblind-safe, readable in gray, with reproducible bytes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.typing import RcKeyType

from ichdag.jobs import atomic_write

MM = 1 / 25.4
WIDTH_MM = 180
SVG_DPI = 150  # of scans inside an svg; keeps the report small, which contains them all
DARK_GRAY = "#222222"
GRAY = "#8a8a8a"
LIGHT_GRAY = "#d9d9d9"

# Okabe and Ito's colorblind-safe palette; markers, hatches and line styles have the same meaning in gray.
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
CLASSIFIER_STYLES = {
    "random_forest": (BLUE, "o"),
    "extra_trees": (GREEN, "s"),
    "xgboost": (VERMILION, "^"),
    "elastic_net": (PURPLE, "D"),
    "svm": (ORANGE, "v"),
    "naive_bayes": (SKY, "X"),
}
COMPARATOR_STYLES = {"oracle": (DARK_GRAY, "-"), "volume": (GRAY, "--"), "clinical": (GRAY, ":")}
BLOCK_STYLES = {
    "radiomics": (BLUE, ""),
    "shape": (SKY, "xx"),
    "segmentation": (ORANGE, "///"),
    "vaegan": (GREEN, "..."),
}
FOLD_STYLES = {"pooled": (BLUE, "o", "-"), "mean": (BLUE, "o", "-"), "external": (VERMILION, "s", "--")}

STYLE: dict[RcKeyType, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.titlesize": 7.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 7.5,
    "axes.linewidth": 0.6,
    "axes.edgecolor": DARK_GRAY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "hatch.linewidth": 0.6,
    "hatch.color": "white",
    "svg.hashsalt": "ichdag",
    "svg.fonttype": "path",
    "path.simplify": True,
}


def write_figure(draw: Callable[[Any, Figure], None], data: Any, *, svg: str | Path, png: str | Path, dpi: int) -> None:
    """Draw `data` on a new figure and write it as svg and png, whole, with the same bytes for the same data."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_MM * MM, WIDTH_MM * MM), layout="constrained")
        FigureCanvasAgg(figure)
        draw(data, figure)
        with atomic_write(svg) as partial:
            figure.savefig(partial, format="svg", dpi=SVG_DPI, metadata={"Date": None, "Creator": None})
        with atomic_write(png) as partial:
            figure.savefig(partial, format="png", dpi=dpi, metadata={"Software": None})


def set_size(figure: Figure, *, width_mm: float = WIDTH_MM, height_mm: float) -> None:
    """Set the printed size of a figure."""
    figure.set_size_inches(width_mm * MM, height_mm * MM)


def title_row(axis: Axes, words: str) -> None:
    """Title a row of panels with the setting that they share, at the title of the first panel."""
    note = axis.annotate(words, (0, 1), (0, 4), xycoords="axes fraction", textcoords="offset points", fontsize=7)
    note.set_in_layout(False)
    if not axis.get_title(loc="left"):
        axis.set_title(" ")


def draw_message(figure: Figure, words: str) -> None:
    """Write a message instead of empty axes if there are no data."""
    set_size(figure, height_mm=25)
    figure.text(0.5, 0.5, words, ha="center", va="center", color=GRAY)
