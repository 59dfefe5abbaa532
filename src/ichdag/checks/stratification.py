"""Check whether the folds of each outcome are stratified."""

from collections.abc import Iterable

import pandas as pd

from ichdag.checks.finding import Finding
from ichdag.repeats import repeat_of_fold

FOLDS = "folds"
WHY = "(participants joined or outcomes changed after they were drawn, or scans of a person stay together)"


def stratification(
    *, participants: pd.DataFrame, folds: pd.DataFrame, outcomes: Iterable[str], count: int
) -> list[Finding]:
    """Check the events per fold of each outcome: passed if folds of a repeat differ by at most one in each class.

    `participants` and `folds` follow their schemas, `count` is the number of folds of a repeat. Otherwise a warning:
    the results are valid, but the folds are not stratified.
    """
    included = participants[participants["status"] == "included"].set_index("subject")
    return [_even(outcome, included, folds[folds["outcome"] == outcome], count) for outcome in outcomes]


def _even(outcome: str, included: pd.DataFrame, assigned: pd.DataFrame, count: int) -> Finding:
    label = included[outcome].reindex(assigned["subject"]).to_numpy(dtype=float, na_value=float("nan"))
    table = assigned.assign(label=label, repeat=repeat_of_fold(assigned["fold"], count=count)).dropna(subset="label")
    sizes = table.groupby(["repeat", "fold", "label"]).size().unstack(fill_value=0)
    spread = sizes.groupby("repeat").agg(lambda column: column.max() - column.min())
    even = bool((spread <= 1).all(axis=None))
    events = sizes.get(1.0, pd.Series(0, index=sizes.index))
    counts_by_repeat = ["+".join(map(str, counts)) for _, counts in events.groupby("repeat")]
    uneven = "" if even else f"folds of {outcome} are not stratified {WHY}: "
    message = f"{uneven}events per fold {'; '.join(counts_by_repeat)}"
    check = f"folds of {outcome} differ by at most one in each class"
    return Finding(FOLDS, check, "passed" if even else "warned", message)
