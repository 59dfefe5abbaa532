"""Check whether the networks were trained on the current scans and masks of the study."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ichdag.checks.finding import MAX_SHOWN, Finding

TRAINING = "training"
CURE = "segmentation.retrain trains them anew"


def check_training_data(*, trained_on: Mapping[str, pd.DataFrame], grids: pd.DataFrame) -> list[Finding]:
    """Check for scans and masks that changed since the networks were trained, and participants who left.

    `trained_on` has the table (schema trained_on) beside each trained model by name, `grids` (schema grids) the usable
    scans of the current development cohort. Changes give a warning, not a failure: the scores are still those of the
    networks that made the masks, but readers must know.
    """
    trained = pd.concat(trained_on.values()).drop_duplicates()
    current = grids[grids["timepoint"] == "baseline"].set_index("subject")
    known = trained[trained["subject"].isin(current.index)]
    current_rows = current.loc[known["subject"]].reset_index()
    changed = {
        "scans": _subjects(known, known["digest"].to_numpy() != current_rows["digest"].to_numpy()),
        "masks": _subjects(known, _differ(known["mask_digest"], current_rows["mask_digest"])),
    }
    departed = sorted(set(trained["subject"]) - set(current.index))
    parts = [
        f"{len(subjects)} {kind} that have changed since ({_list_subjects(subjects)})"
        for kind, subjects in changed.items()
        if subjects
    ]
    parts += (
        [f"{len(departed)} participants who are not in the cohort any more ({_list_subjects(departed)})"]
        if departed
        else []
    )
    check = "the networks were trained on the scans and masks that the study has today"
    if not parts:
        of = f"{trained['subject'].nunique()} participants, {len(trained_on)} trained networks"
        return [Finding(TRAINING, check, "passed", of)]
    return [Finding(TRAINING, check, "warned", f"networks were trained on {' and '.join(parts)}; {CURE}")]


def _differ(then: pd.Series, today: pd.Series) -> list[bool]:
    """Compare two columns: a mask known before and changed or absent now differs, a mask not known before does not."""
    pairs = zip(then, today, strict=True)
    return [pd.notna(old) and (pd.isna(new) or old != new) for old, new in pairs]


def _subjects(table: pd.DataFrame, rows: Sequence[bool] | np.ndarray) -> list[str]:
    return sorted(set(table["subject"][list(rows)]))


def _list_subjects(subjects: list[str]) -> str:
    more = ", ..." if len(subjects) > MAX_SHOWN else ""
    return ", ".join(f"sub-{subject}" for subject in subjects[:MAX_SHOWN]) + more
