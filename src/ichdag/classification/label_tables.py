"""Label tables (cohort, label, person and fold of participants with a known outcome), and predictions tables."""

import numpy as np
import pandas as pd

from ichdag.features.subjects import assigned_folds, observed_labels
from ichdag.jobs import StudyError
from ichdag.persons import person_labels

EXTERNAL = "external"


def development_labels(cohort: pd.DataFrame, *, folds: pd.DataFrame, outcome: str, min_count: int) -> pd.DataFrame:
    """Build the label table of an outcome: columns cohort, y_true, person, fold (text), by subject, in order.

    A subject has a row for each repeat of the cross-validation.

    Raises StudyError if a validation fold lacks a class, or a training part has fewer than `fewest` of one.
    """
    folds_by_subject = assigned_folds(cohort, folds=folds, outcome=outcome).astype(str).rename("fold")
    labels = _labels(cohort, outcome=outcome).join(folds_by_subject)
    _check_class_counts(labels, outcome=outcome, minimum=min_count)
    return labels


def external_labels(cohort: pd.DataFrame, *, outcome: str) -> pd.DataFrame:
    """Build the same table for external participants; it has no rows if no outcome is known."""
    return _labels(cohort, outcome=outcome).assign(fold=EXTERNAL)


def first_repeat(labels: pd.DataFrame) -> pd.DataFrame:
    """Keep one row per subject, however often the cross-validation is repeated."""
    return labels[~labels.index.duplicated()]


def prediction_rows(
    labels: pd.DataFrame, *, outcome: str, features: str, classifier: str, probability: np.ndarray | pd.Series
) -> pd.DataFrame:
    """Build rows of schema predictions from a label table and probabilities, in its order."""
    return pd.DataFrame(
        {
            "cohort": labels.cohort.to_numpy(),
            "subject": labels.index.to_numpy(),
            "outcome": outcome,
            "features": features,
            "classifier": classifier,
            "fold": labels.fold.to_numpy(),
            "y_true": labels.y_true.to_numpy(),
            "probability": np.clip(np.asarray(probability, dtype=np.float64), 0, 1),
        }
    )


def oracle_predictions(labels: pd.DataFrame, *, cohort: pd.DataFrame, outcome: str) -> list[pd.DataFrame]:
    """Build predictions from the true probabilities of a synthetic cohort; none if the sheet has no such column."""
    column = f"oracle_{outcome}"
    if column not in cohort:
        return []
    probability = cohort.set_index("subject")[column].reindex(labels.index)
    is_known = probability.notna().to_numpy()
    rows = {"outcome": outcome, "features": "oracle", "classifier": "known", "probability": probability[is_known]}
    return [prediction_rows(labels[is_known], **rows)]


def _labels(cohort: pd.DataFrame, *, outcome: str) -> pd.DataFrame:
    labels = observed_labels(cohort, outcome)
    rows = cohort.set_index("subject").loc[labels.index]
    table = {"cohort": rows.cohort, "y_true": labels, "person": person_labels(rows)}
    return pd.DataFrame(table, index=labels.index).sort_index()


def _check_class_counts(labels: pd.DataFrame, *, outcome: str, minimum: int) -> None:
    """Raise StudyError naming every fold with too few participants of a class to fit or evaluate a classifier."""
    faults = []
    persons = first_repeat(labels)
    for fold, validation in labels.groupby("fold"):
        validation_counts = validation.y_true.value_counts().reindex([1, 0], fill_value=0)
        training_counts = persons.y_true.value_counts().reindex([1, 0], fill_value=0) - validation_counts
        if validation_counts.min() == 0 or training_counts.min() < minimum:
            faults.append(
                StudyError(f"fold {fold}: validation {_counts(validation_counts)}, training {_counts(training_counts)}")
            )
    if faults or labels.empty:
        raise StudyError(
            f"outcome {outcome} cannot be cross-validated: each fold needs both classes, each training part {minimum} "
            f"of each; found {len(persons)} participants; {'; '.join(map(str, faults))}. Add participants, set fewer "
            "folds (config folds), or take the outcome out of config outcomes"
        )


def _counts(class_counts: pd.Series) -> str:
    return f"{class_counts[1]} with and {class_counts[0]} without"
