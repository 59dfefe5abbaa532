"""Leakage checks: no model was fitted on a participant it is scored on."""

from collections.abc import Iterator, Mapping

import pandas as pd

from ichdag.checks.finding import Finding, make_finding
from ichdag.constants import FINAL
from ichdag.evaluation.prediction_groups import EXTERNAL
from ichdag.models import ModelCard
from ichdag.repeats import repeat_of_fold

LEAKAGE = "leakage"


def leakage(
    *,
    participants: pd.DataFrame,
    folds: pd.DataFrame,
    training: pd.DataFrame,
    predictions: pd.DataFrame,
    cards: Mapping[str, ModelCard],
    count: int,
) -> list[Finding]:
    """Run all leakage checks; the tables follow the schemas of their names, `count` is the number of folds of a repeat.

    `cards` has every model card by stage and folder, such as `features/poor_outcome_0_radiomics`,
    `segmentation/dual_0`, `classification/poor_outcome_svm` and `latent/vaegan`.
    """
    roles = participants.drop_duplicates("subject").set_index("subject")["role"].to_dict()
    folds, predictions = (
        table.assign(repeat=repeat_of_fold(table["fold"], count=count)) for table in (folds, predictions)
    )
    return [
        _one_fold_each(folds),
        _one_role_each(participants, predictions),
        _predicted_in_the_drawn_fold(folds, predictions),
        _reductions_never_saw_their_fold(folds, cards),
        _networks_never_saw_their_fold(training, cards),
        _fitted_on_development_only(roles, cards),
    ]


def _one_fold_each(folds: pd.DataFrame) -> Finding:
    duplicates = folds[folds.duplicated(["subject", "outcome", "repeat"])]
    faults = (f"{row.subject}, {row.outcome}" for row in duplicates.itertuples())
    of = f"{len(folds)} assignments of {folds['outcome'].nunique()} fold sets"
    return make_finding(LEAKAGE, "no participant is in two folds of an outcome", faults=faults, of=of)


def _one_role_each(participants: pd.DataFrame, predictions: pd.DataFrame) -> Finding:
    """Check the roles of the cohort table, and the folds of the predictions."""
    duplicates = set(participants.loc[participants["subject"].duplicated(), "subject"])
    is_external = predictions["fold"] == EXTERNAL
    in_both_roles = set(predictions.loc[is_external, "subject"]) & set(predictions.loc[~is_external, "subject"])
    of = f"{participants['subject'].nunique()} participants"
    return make_finding(
        LEAKAGE, "no participant is both development and external", faults=sorted(duplicates | in_both_roles), of=of
    )


def _predicted_in_the_drawn_fold(folds: pd.DataFrame, predictions: pd.DataFrame) -> Finding:
    """Check the folds within each repeat."""
    keys = ["subject", "outcome", "repeat"]
    drawn = folds.drop_duplicates(keys)
    drawn = drawn.assign(drawn=drawn["fold"].astype(int).astype(str))
    used = predictions.loc[predictions["fold"] != EXTERNAL, [*keys, "fold"]].drop_duplicates()
    merged = used.merge(drawn[[*keys, "drawn"]], on=keys, how="left")
    wrong = merged[~(merged["fold"] == merged["drawn"]).fillna(False).astype(bool)]
    faults = (f"{row.subject}, {row.outcome}: fold {row.fold}, drawn {row.drawn}" for row in wrong.itertuples())
    of = f"{len(used)} out-of-fold predictions of a participant and outcome"
    return make_finding(LEAKAGE, "every out-of-fold prediction is in the fold that was drawn", faults=faults, of=of)


def _reductions_never_saw_their_fold(folds: pd.DataFrame, cards: Mapping[str, ModelCard]) -> Finding:
    held_out = _held_out(folds)
    count = 0
    faults = []
    for name, card in _of_stage(cards, "features"):
        outcome, fold, _ = name.rsplit("_", 2)
        if fold != FINAL:
            count += 1
            validation = held_out.get((outcome, int(fold)), set())
            faults += [f"{subject} in {name}" for subject in sorted(validation & {*card.subjects})]
    check = "no feature reduction was fitted on a participant of its validation fold"
    return (
        make_finding(LEAKAGE, check, faults=faults, of=f"{count} reductions")
        if count
        else _skipped(check, "no reductions")
    )


def _networks_never_saw_their_fold(training: pd.DataFrame, cards: Mapping[str, ModelCard]) -> Finding:
    held_out = _held_out(training.assign(outcome="segmentation"))
    count = 0
    faults = []
    for name, card in _of_stage(cards, "segmentation"):
        fold = name.rsplit("_", 1)[1]
        if fold != FINAL:
            count += 1
            validation = held_out.get(("segmentation", int(fold)), set())
            faults += [f"{subject} in {name}" for subject in sorted(validation & {*card.subjects})]
    check = "no network was trained on a participant whose mask it draws for the analysis"
    return (
        make_finding(LEAKAGE, check, faults=faults, of=f"{count} networks") if count else _skipped(check, "no networks")
    )


def _fitted_on_development_only(roles: Mapping[str, str], cards: Mapping[str, ModelCard]) -> Finding:
    """Check the roles of training subjects; one who has left the study is in no table, and is no fault."""
    faults = [
        f"{subject} ({roles[subject]}) in {name}"
        for name, card in cards.items()
        for subject in card.subjects
        if roles.get(subject, "development") != "development"
    ]
    check = "no model was fitted on a participant of an external cohort"
    return make_finding(LEAKAGE, check, faults=faults, of=f"{len(cards)} model cards")


def _held_out(folds: pd.DataFrame) -> dict[tuple[str, int], set[str]]:
    """Collect the participants of each validation fold."""
    return {(outcome, int(fold)): set(part["subject"]) for (outcome, fold), part in folds.groupby(["outcome", "fold"])}


def _of_stage(cards: Mapping[str, ModelCard], stage: str) -> Iterator[tuple[str, ModelCard]]:
    for name, card in cards.items():
        card_stage, _, folder = name.partition("/")
        if card_stage == stage:
            yield folder, card


def _skipped(check: str, reason: str) -> Finding:
    return Finding(LEAKAGE, check, "skipped", reason)
