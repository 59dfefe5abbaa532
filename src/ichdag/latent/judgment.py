"""Whose latents can be used: whoever has one that is no finite number is left out, as any fault of the data."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ichdag.arrays import read_store
from ichdag.finite import fault_of_cells
from ichdag.jobs import StudyError
from ichdag.latent.schemas import LATENTS


def judge_latents(stores: Iterable[str | Path]) -> pd.DataFrame:
    """Each participant of these stores with status, stage and reason, schema latents; one array in memory at a time.

    A participant without latents has no row: an earlier stage left it out.
    """
    reasons: dict[str, list[str]] = {}
    for path in stores:
        for name, array in read_store(path):
            subject, block = name.split("/")
            fault = fault_of_cells(array, what=f"{block} latents", may_lack=False)
            reasons.setdefault(subject, []).extend([fault] if fault else [])
    rows = [
        (subject, "excluded", "latent", "; ".join(faults)) if faults else (subject, "included", None, None)
        for subject, faults in reasons.items()
    ]
    return pd.DataFrame(rows, columns=LATENTS.column_names)


def refuse_broken_encoder(judged: pd.DataFrame) -> None:
    """Raise StudyError if nobody of a cohort has latents that can be used: that is no fault of their scans."""
    if len(judged) > 1 and (judged.status == "excluded").all():
        raise StudyError(
            f"the latents of all {len(judged)} participants are not finite ({judged.reason.iloc[0]}): a trained "
            "encoder is damaged or has diverged; look at its learning curve, and train it anew"
        )
