"""Join all predictions in one table, and check that it is complete."""

import pandas as pd

from ichdag.constants import CLASSIFIERS, FEATURE_SETS
from ichdag.jobs import StudyError
from ichdag.repeats import repeat_of_fold

SORT_COLUMNS = ["outcome", "features", "classifier", "cohort", "fold", "subject"]


def gather(tables: list[pd.DataFrame], *, outcomes: list[str], folds: int) -> pd.DataFrame:
    """Join tables of schema predictions, ordered by outcome, features, classifier, cohort, fold, subject.

    `folds` is the number of folds of one repeat. Raises StudyError if a prediction is duplicated within a
    repeat, or if a feature set and classifier lack a participant that another of the same outcome has.
    """
    table = pd.concat([table for table in tables if len(table)], ignore_index=True)
    repeats = table.assign(repeat=repeat_of_fold(table.fold, count=folds))
    repeated = table[repeats.duplicated(["outcome", "features", "classifier", "cohort", "subject", "repeat"])]
    if len(repeated):
        row = repeated.iloc[0]
        raise StudyError(
            f"{len(repeated)} predictions are there twice, first subject {row.subject} of cohort {row.cohort}, outcome "
            f"{row.outcome}, {row.features}, {row.classifier}: delete results/classification and run again"
        )
    _check_complete(repeats, outcomes=outcomes)
    return table.sort_values(SORT_COLUMNS, ignore_index=True)


def _check_complete(table: pd.DataFrame, *, outcomes: list[str]) -> None:
    """Raise StudyError unless every outcome has every feature set and classifier, all with the same participants."""
    faults = []
    unit = "participants" if table["repeat"].max() == 0 else "participants and repeats"
    for outcome in outcomes:
        rows = table[table.outcome == outcome]
        expected = set(zip(rows.subject, rows.repeat, strict=True))
        present = {
            names: set(zip(group.subject, group.repeat, strict=True))
            for names, group in rows.groupby(["features", "classifier"])
        }
        for names in [(features, classifier) for features in FEATURE_SETS for classifier in CLASSIFIERS]:
            missing = expected - present.get(names, set())
            if missing or not expected:
                faults.append(f"{outcome}, {', '.join(names)}: {len(missing)} of {len(expected)} {unit} lacking")
    if faults:
        raise StudyError("the predictions are not whole:\n  " + "\n  ".join(faults))
