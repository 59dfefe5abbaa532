"""Whether the folds of each outcome have the same share of events."""

from collections.abc import Iterable

import pandas as pd

from ichdag.checks.finding import Finding
from ichdag.repeats import repeat_of

FOLDS = "folds"
WHY = "(participants joined or outcomes changed after they were drawn, or scans of a person stay together)"


def stratification(
    *, participants: pd.DataFrame, folds: pd.DataFrame, outcomes: Iterable[str], count: int
) -> list[Finding]:
    """A finding for each outcome: its events per fold. Passed if folds of a repeat differ by at most one in each class.

    `participants` and `folds` follow their schemas, `count` is the number of folds of a repeat. Warned otherwise: the
    numbers stay right, but nobody may call them stratified.
    """
    included = participants[participants["status"] == "included"].set_index("subject")
    return [_even(outcome, included, folds[folds["outcome"] == outcome], count) for outcome in outcomes]


def _even(outcome: str, included: pd.DataFrame, drawn: pd.DataFrame, count: int) -> Finding:
    label = included[outcome].reindex(drawn["subject"]).to_numpy(dtype=float, na_value=float("nan"))
    table = drawn.assign(label=label, repeat=repeat_of(drawn["fold"], count=count)).dropna(subset="label")
    sizes = table.groupby(["repeat", "fold", "label"]).size().unstack(fill_value=0)
    spread = sizes.groupby("repeat").agg(lambda column: column.max() - column.min())
    even = bool((spread <= 1).all(axis=None))
    events = sizes.get(1.0, pd.Series(0, index=sizes.index))
    lines = ["+".join(map(str, part)) for _, part in events.groupby("repeat")]
    uneven = "" if even else f"folds of {outcome} are not stratified {WHY}: "
    found = f"{uneven}events per fold {'; '.join(lines)}"
    check = f"folds of {outcome} differ by at most one in each class"
    return Finding(FOLDS, check, "passed" if even else "warned", found)
