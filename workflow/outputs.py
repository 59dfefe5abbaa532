"""Outputs that Snakemake shows in its report, and those that it keeps until they are made anew."""

from pathlib import PurePath
from typing import Any

from snakemake.io import report
from snakemake.ioflags import update

TRAINED = {
    "weights": "weights.safetensors",
    "card": "card.json",
    "curve": "curve.tsv",
    "data": "data.tsv",
    "run": "run.json",
}


def in_report(path: str, category: str, *, table: str | None = None, caption: str | None = None) -> Any:
    """Let Snakemake's report show a file, with the caption that bears its name if no other is named.

    `table` is what the report calls a table in its list.
    """
    text = f"../workflow/report/{caption or PurePath(path).stem}.rst"  # beside the folder of rules
    return report(path, caption=text, category=category, labels={"table": table} if table else None)


def figure_files(name: str, category: str, *, prefix: str = "", caption: str | None = None) -> dict[str, Any]:
    """Name the files of a figure: svg, shown in the report, png, and table, with the numbers that it shows."""
    path = f"results/figures/{name}"
    return {
        f"{prefix}svg": in_report(f"{path}.svg", category, caption=caption),
        f"{prefix}png": f"{path}.png",
        f"{prefix}table": f"{path}.tsv",
    }


def trained_files(folder: str) -> dict[str, Any]:
    """Name the files that a training writes, kept until they are there anew."""
    return {name: update(f"{folder}/{file}") for name, file in TRAINED.items()}
