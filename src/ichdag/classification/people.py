"""Who is predicted (cohort, label and fold of those with a known outcome), and rows of the predictions table."""

import numpy as np
import pandas as pd

from ichdag.features.subjects import fold_of, known
from ichdag.jobs import StudyError

EXTERNAL = "external"
PERSON = "person_id"


def development_people(cohort: pd.DataFrame, *, folds: pd.DataFrame, outcome: str, fewest: int) -> pd.DataFrame:
    """Columns cohort, y_true, person, fold (text) by subject, in order: all that cross-validation needs of an outcome.

    A subject has a row for each repeat of the cross-validation.

    Raises StudyError if a validation fold lacks a class, or a training part has fewer than `fewest` of one.
    """
    drawn = fold_of(cohort, folds=folds, outcome=outcome).astype(str).rename("fold")
    people = _people(cohort, outcome=outcome).join(drawn)
    _refuse_thin_folds(people, outcome=outcome, fewest=fewest)
    return people


def external_people(cohort: pd.DataFrame, *, outcome: str) -> pd.DataFrame:
    """The same columns for external participants; no rows where no outcome is known."""
    return _people(cohort, outcome=outcome).assign(fold=EXTERNAL)


def once(people: pd.DataFrame) -> pd.DataFrame:
    """Everybody once, however often the cross-validation is repeated."""
    return people[~people.index.duplicated()]


def prediction_rows(
    people: pd.DataFrame, *, outcome: str, features: str, classifier: str, probability: np.ndarray | pd.Series
) -> pd.DataFrame:
    """Rows of schema predictions for these people, in their order."""
    return pd.DataFrame(
        {
            "cohort": people.cohort.to_numpy(),
            "subject": people.index.to_numpy(),
            "outcome": outcome,
            "features": features,
            "classifier": classifier,
            "fold": people.fold.to_numpy(),
            "y_true": people.y_true.to_numpy(),
            "probability": np.clip(np.asarray(probability, dtype=np.float64), 0, 1),
        }
    )


def oracle_rows(people: pd.DataFrame, *, cohort: pd.DataFrame, outcome: str) -> list[pd.DataFrame]:
    """The known true probabilities of a synthetic cohort as one more predictor; nothing where the sheet has none."""
    column = f"oracle_{outcome}"
    if column not in cohort:
        return []
    truth = cohort.set_index("subject")[column].reindex(people.index)
    told = truth.notna().to_numpy()
    rows = {"outcome": outcome, "features": "oracle", "classifier": "known", "probability": truth[told]}
    return [prediction_rows(people[told], **rows)]


def _people(cohort: pd.DataFrame, *, outcome: str) -> pd.DataFrame:
    labels = known(cohort, outcome)
    rows = cohort.set_index("subject").loc[labels.index]
    table = {"cohort": rows.cohort, "y_true": labels, "person": _persons(rows)}
    return pd.DataFrame(table, index=labels.index).sort_index()


def _persons(rows: pd.DataFrame) -> pd.Series:
    """Who is behind each row: whoever the sheet names in person_id, else the participant alone."""
    alone = pd.Series(rows.index, index=rows.index, dtype=object)
    if PERSON not in rows:
        return alone
    named = rows[PERSON].notna()
    return alone.where(~named, "person " + rows[PERSON].astype(str))


def _refuse_thin_folds(people: pd.DataFrame, *, outcome: str, fewest: int) -> None:
    """Raise StudyError naming every fold whose counts no classifier can be fitted or judged on."""
    faults, everybody = [], once(people)
    for fold, validation in people.groupby("fold"):
        inside = validation.y_true.value_counts().reindex([1, 0], fill_value=0)
        outside = everybody.y_true.value_counts().reindex([1, 0], fill_value=0) - inside
        if inside.min() == 0 or outside.min() < fewest:
            faults.append(StudyError(f"fold {fold}: validation {_counts(inside)}, training {_counts(outside)}"))
    if faults or people.empty:
        raise StudyError(
            f"outcome {outcome} cannot be cross-validated: each fold needs both classes, each training part {fewest} "
            f"of each; found {len(everybody)} participants; {'; '.join(map(str, faults))}. Add participants, set fewer "
            "folds (config folds), or take the outcome out of config outcomes"
        )


def _counts(labels: pd.Series) -> str:
    return f"{labels[1]} with and {labels[0]} without"
