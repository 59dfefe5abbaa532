"""Exclude participants whose latents are not finite, as for any other fault of the data."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ichdag.arrays import read_store
from ichdag.jobs import StudyError
from ichdag.latent.schemas import LATENTS
from ichdag.nonfinite import describe_nonfinite


def latent_status(stores: Iterable[str | Path]) -> pd.DataFrame:
    """Return status, stage and reason of each participant of these stores (schema latents).

    Participants without latents have no row: an earlier stage excluded them. One array is in memory at a time.
    """
    reasons: dict[str, list[str]] = {}
    for path in stores:
        for name, array in read_store(path):
            subject, block = name.split("/")
            fault = describe_nonfinite(array, what=f"{block} latents", may_lack=False)
            reasons.setdefault(subject, []).extend([fault] if fault else [])
    rows = [
        (subject, "excluded", "latent", "; ".join(faults)) if faults else (subject, "included", None, None)
        for subject, faults in reasons.items()
    ]
    return pd.DataFrame(rows, columns=LATENTS.column_names)


def check_encoder(status: pd.DataFrame) -> None:
    """Raise StudyError if all participants of a cohort are excluded: then the encoder is at fault, not the scans."""
    if len(status) > 1 and (status.status == "excluded").all():
        raise StudyError(
            f"the latents of all {len(status)} participants are not finite ({status.reason.iloc[0]}): a trained "
            "encoder is damaged or has diverged; look at its learning curve, and train it anew"
        )
