"""Measure how many labels depend on the error of the volumes: those of participants close to a threshold."""

from typing import Any

import numpy as np
import pandas as pd

from ichdag.cohort.outcomes import VOLUMES, evaluate_outcome, expression_columns

ERROR_QUANTILE = 0.95
MIN_COMPARED = 5
SOURCES = ("manual", "predicted")


def measure_label_sensitivity(
    participants: pd.DataFrame, *, scans: pd.DataFrame, volumes: pd.DataFrame, outcomes: dict[str, str]
) -> pd.DataFrame:
    """Measure the error of each volume that an outcome reads, and count the labels that the error may change.

    The error is measured on scans with both volumes: predicted minus manual (schemas scans, volumes); for an expansion,
    it is the difference of the two expansions. `error_ml` is the 95th percentile of its absolute value. `within` counts
    included participants whose label changes between 0 and 1 if the volume is changed by that error, to 0 mL at the
    least (expansion: to the loss of the whole baseline volume). A participant whose changed volume has no label, such
    as a ratio to a baseline of 0 mL, is not counted. `differ` counts participants with both volumes whose two labels
    differ. The error is missing if fewer than five are known. The result follows schema sensitivity.
    """
    both = _both_sources(scans, volumes)
    rows = []
    for name, expression in outcomes.items():
        for column in sorted(expression_columns(expression) & set(VOLUMES)):
            error = (both[f"predicted_{column}"] - both[f"manual_{column}"]).dropna()
            error_ml = float(np.quantile(error.abs(), ERROR_QUANTILE)) if len(error) >= MIN_COMPARED else None
            for role, table in participants[participants.status == "included"].groupby("role", sort=True):
                row = {"outcome": name, "volume": column, "role": role, "compared": len(error), "error_ml": error_ml}
                row |= {"bias_ml": float(error.mean()) if len(error) >= MIN_COMPARED else None}
                rows.append(row | _counts(table, both, name, expression, column, error_ml))
    columns = ["outcome", "volume", "role", "compared", "bias_ml", "error_ml", "n", "within", "both", "differ"]
    return pd.DataFrame(rows, columns=columns)


def _both_sources(scans: pd.DataFrame, volumes: pd.DataFrame) -> pd.DataFrame:
    """Join manual and predicted baseline_volume_ml, followup_volume_ml and expansion_ml, by subject."""
    usable = scans[scans.status == "included"]
    manual = usable.pivot(index="subject", columns="timepoint", values="manual_volume_ml").astype(float)
    predicted = volumes.set_index("subject")
    table = pd.DataFrame(index=predicted.index)
    for time in ("baseline", "followup"):
        table[f"manual_{time}_volume_ml"] = manual.get(time, np.nan)
        table[f"predicted_{time}_volume_ml"] = predicted[f"{time}_predicted_ml"].astype(float)
    for source in SOURCES:
        table[f"{source}_expansion_ml"] = table[f"{source}_followup_volume_ml"] - table[f"{source}_baseline_volume_ml"]
    return table


def _counts(
    table: pd.DataFrame, both: pd.DataFrame, name: str, expression: str, column: str, error_ml: float | None
) -> dict[str, Any]:
    """Count labels that are known, within the error, of both sources, and different (n, within, both, differ)."""
    known = table[table[name].notna() & table[column].notna()]
    rows = known.to_dict("records")
    within = None if error_ml is None else sum(len(_labels(row, expression, column, error_ml)) > 1 for row in rows)
    pairs = [
        tuple(
            evaluate_outcome(expression, row | {column: both.at[row["subject"], f"{source}_{column}"]})
            for source in SOURCES
        )
        for row in rows
        if row["subject"] in both.index
    ]
    pairs = [pair for pair in pairs if None not in pair]
    return {"n": len(known), "within": within, "both": len(pairs), "differ": sum(a != b for a, b in pairs)}


def _labels(row: dict[str, Any], expression: str, column: str, error_ml: float) -> set[int]:
    """Return the defined labels of a participant if the volume is smaller by `error_ml`, the same, and larger."""
    min_ml = -row["baseline_volume_ml"] if column == "expansion_ml" else 0.0
    volumes_ml = (max(row[column] + shift, min(min_ml, row[column])) for shift in (-error_ml, 0.0, error_ml))
    labels = (evaluate_outcome(expression, row | {column: volume_ml}) for volume_ml in volumes_ml)
    return {label for label in labels if label is not None}
