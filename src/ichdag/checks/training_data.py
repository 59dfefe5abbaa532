"""Whether the networks were trained on the scans and masks that the study has today."""

from collections.abc import Mapping

import pandas as pd

from ichdag.checks.finding import SHOWN, Finding

TRAINING = "training"
CURE = "segmentation.retrain trains them anew"


def currency(*, trained_on: Mapping[str, pd.DataFrame], grids: pd.DataFrame) -> list[Finding]:
    """One finding: passed, or warned of scans and masks that changed since the networks were trained, and who left.

    `trained_on` has the table (schema trained_on) beside each trained model by name, `grids` (schema grids) the usable
    scans of today's development cohort. Nothing is wrong with such a study, for the networks' scores are those of the
    networks that made its masks; a reader must be told.
    """
    then = pd.concat(trained_on.values()).drop_duplicates()
    now = grids[grids["timepoint"] == "baseline"].set_index("subject")
    known = then[then["subject"].isin(now.index)]
    today = now.loc[known["subject"]].reset_index()
    changed = {
        "scans": _who(known, known["digest"].to_numpy() != today["digest"].to_numpy()),
        "masks": _who(known, _differ(known["mask_digest"], today["mask_digest"])),
    }
    left = sorted(set(then["subject"]) - set(now.index))
    parts = [f"{len(who)} {what} that have changed since ({_named(who)})" for what, who in changed.items() if who]
    parts += [f"{len(left)} participants who are not in the cohort any more ({_named(left)})"] if left else []
    check = "the networks were trained on the scans and masks that the study has today"
    if not parts:
        of = f"{then['subject'].nunique()} participants, {len(trained_on)} trained networks"
        return [Finding(TRAINING, check, "passed", of)]
    return [Finding(TRAINING, check, "warned", f"networks were trained on {' and '.join(parts)}; {CURE}")]


def _differ(then: pd.Series, today: pd.Series) -> list[bool]:
    """Where two columns differ; a mask that is known on one side only differs, one that no side needs does not."""
    pairs = zip(then, today, strict=True)
    return [pd.notna(one) and (pd.isna(other) or one != other) for one, other in pairs]


def _who(table: pd.DataFrame, rows) -> list[str]:
    return sorted(set(table["subject"][list(rows)]))


def _named(subjects: list[str]) -> str:
    more = ", ..." if len(subjects) > SHOWN else ""
    return ", ".join(f"sub-{subject}" for subject in subjects[:SHOWN]) + more
