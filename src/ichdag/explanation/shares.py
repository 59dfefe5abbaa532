"""Share of each feature block in the sum of absolute SHAP values, with bootstrap intervals."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ichdag.constants import BLOCKS
from ichdag.explanation import ExplanationSettings
from ichdag.explanation.schemas import SHAP
from ichdag.jobs import StudyError

ALL_EQUAL = 1e-9


def block_shares(values: np.ndarray, *, columns: list[str], settings: ExplanationSettings, seed: int) -> pd.DataFrame:
    """Return importance and share of each block, columns as in schema shap from block on.

    `values` (n, p) are SHAP values. If all are 0, importance is 0 and the share is missing. Limits without a width, for
    example of a single participant or of the only block, are missing; the note says why.
    """
    blocks = [block_of(column) for column in columns]
    names = list(dict.fromkeys(blocks))
    sums = np.column_stack([np.abs(values[:, [block == name for block in blocks]]).sum(axis=1) for name in names])
    random = np.random.default_rng(seed)
    bootstrap_means = [sums[random.integers(0, len(sums), len(sums))].mean(axis=0) for _ in range(settings.bootstrap)]
    quantiles = [(1 - settings.confidence) / 2, (1 + settings.confidence) / 2]
    limits = np.quantile(_shares(np.array(bootstrap_means)), quantiles, axis=0).T
    mean = sums.mean(axis=0)
    shares = _shares(mean[None])[0]
    rows = [_limits_or_note(share, tuple(pair)) for share, pair in zip(shares, limits, strict=True)]
    columns_by_name = {"block": names, "importance": mean, "share": shares, "n": len(values)}
    return pd.DataFrame(rows).assign(**columns_by_name)[["block", "importance", "share", "low", "high", "n", "note"]]


def block_of(column: str) -> str:
    """Return the feature block of a column of X; shape features keep their own names."""
    return next((block for block in BLOCKS if column.startswith(f"{block}_")), "shape")


def empty_shares() -> pd.DataFrame:
    """Return the empty table of a study without external participants."""
    return pd.DataFrame({name: [] for name in SHAP.column_names})


def join_shares(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Join the shares of all outcomes in one table. Raises StudyError if a table is of another outcome than its key."""
    for outcome, table in tables.items():
        others = set(table["outcome"]) - {outcome}
        if others:
            raise StudyError(
                f"the SHAP shares of {outcome} are those of {', '.join(sorted(others))}: "
                "delete results/explanation and run again"
            )
    return pd.concat(tables.values())


def _limits_or_note(share: float, limits: tuple[float, float]) -> dict[str, float | str | None]:
    """Return the limits of a share, or a note why there are none."""
    note = "no limits of the share: all resamples are equal" if limits[1] - limits[0] < ALL_EQUAL else None
    if np.isnan(limits[0]):
        note = "no share: no column moves the predictions"
        if not np.isnan(share):
            note = "no limits of the share: in some resamples no column moves the predictions"
    low, high = (np.nan, np.nan) if note else limits
    return {"low": low, "high": high, "note": note}


def _shares(importance: np.ndarray) -> np.ndarray:
    """Divide each row by its sum; missing where the sum is 0."""
    total = importance.sum(axis=1, keepdims=True)
    return importance / np.where(total > 0, total, np.nan)
