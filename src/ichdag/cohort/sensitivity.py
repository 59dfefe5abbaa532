"""Labels and the networks' error: how many participants lie so close to a threshold that the measured error decides."""

from typing import Any

import numpy as np
import pandas as pd

from ichdag.cohort.outcomes import VOLUMES, columns_of, outcome_of

QUANTILE = 0.95
FEWEST = 5
SOURCES = ("manual", "predicted")


def label_sensitivity(
    participants: pd.DataFrame, *, scans: pd.DataFrame, volumes: pd.DataFrame, outcomes: dict[str, str]
) -> pd.DataFrame:
    """For each outcome that reads a volume: the error of that volume, who lies within it, whose label it changes.

    The error is measured where both sources are known: predicted less manual volume of the same scans (schemas scans,
    volumes); for an expansion, the difference of the differences. `error_ml` is the 95th percentile of its absolute
    value. `within` counts included participants whose label changes between 0 and 1 when the volume is moved by that
    much, but not below 0 mL (an expansion: not below the loss of the whole baseline volume); where the moved volume has
    no label, such as a ratio to a baseline of 0 mL, nothing is counted. `differ` counts those with both sources whose
    label differs between them. Missing where fewer than five are known.
    """
    both = _both_sources(scans, volumes)
    found = []
    for name, expression in outcomes.items():
        for column in sorted(columns_of(expression) & set(VOLUMES)):
            error = (both[f"predicted_{column}"] - both[f"manual_{column}"]).dropna()
            size = float(np.quantile(error.abs(), QUANTILE)) if len(error) >= FEWEST else None
            for role, table in participants[participants.status == "included"].groupby("role", sort=True):
                row = {"outcome": name, "volume": column, "role": role, "compared": len(error), "error_ml": size}
                row |= {"bias_ml": float(error.mean()) if len(error) >= FEWEST else None}
                found.append(row | _counts(table, both, name, expression, column, size))
    columns = ["outcome", "volume", "role", "compared", "bias_ml", "error_ml", "n", "within", "both", "differ"]
    return pd.DataFrame(found, columns=columns)


def _both_sources(scans: pd.DataFrame, volumes: pd.DataFrame) -> pd.DataFrame:
    """Manual and predicted baseline_volume_ml, followup_volume_ml and expansion_ml, by subject."""
    usable = scans[scans.status == "included"]
    manual = usable.pivot(index="subject", columns="timepoint", values="manual_volume_ml").astype(float)
    predicted = volumes.set_index("subject")
    found = pd.DataFrame(index=predicted.index)
    for time in ("baseline", "followup"):
        found[f"manual_{time}_volume_ml"] = manual.get(time, np.nan)
        found[f"predicted_{time}_volume_ml"] = predicted[f"{time}_predicted_ml"].astype(float)
    for source in SOURCES:
        found[f"{source}_expansion_ml"] = found[f"{source}_followup_volume_ml"] - found[f"{source}_baseline_volume_ml"]
    return found


def _counts(
    table: pd.DataFrame, both: pd.DataFrame, name: str, expression: str, column: str, size: float | None
) -> dict[str, Any]:
    """Counts of one outcome and role: known labels, labels within the error, labels of both sources and those apart."""
    known = table[table[name].notna() & table[column].notna()]
    rows = known.to_dict("records")
    within = None if size is None else sum(len(_labels(row, expression, column, size)) > 1 for row in rows)
    pairs = [
        tuple(
            outcome_of(expression, row | {column: both.at[row["subject"], f"{source}_{column}"]}) for source in SOURCES
        )
        for row in rows
        if row["subject"] in both.index
    ]
    pairs = [pair for pair in pairs if None not in pair]
    return {"n": len(known), "within": within, "both": len(pairs), "differ": sum(a != b for a, b in pairs)}


def _labels(row: dict[str, Any], expression: str, column: str, size: float) -> set[int]:
    """The labels of a participant whose volume is moved by `size`, down to nothing at most; those that are defined."""
    lowest = -row["baseline_volume_ml"] if column == "expansion_ml" else 0.0
    moved = (max(row[column] + shift, min(lowest, row[column])) for shift in (-size, 0.0, size))
    return {outcome_of(expression, row | {column: ml}) for ml in moved} - {None}
