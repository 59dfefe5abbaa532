"""Audit every fitted model against the participants it is scored on, as persons and scans."""

from collections.abc import Iterator, Mapping

import pandas as pd

from ichdag.checks.finding import Finding, make_finding
from ichdag.constants import BLOCKS, FINAL, VARIANTS
from ichdag.evaluation.prediction_groups import EXTERNAL
from ichdag.models import ModelCard
from ichdag.persons import PERSON_COLUMN, describe_repeat_participants
from ichdag.repeats import repeat_of_fold

LEAKAGE, PERSONS = "leakage", "persons"
FINGERPRINT = "diagnostics_Image-original_"
MAX_SHOWN = 3


def persons_of(participants: pd.DataFrame, *, features: pd.DataFrame) -> dict[str, str]:
    """Identify the person of each subject: subjects are one person if they share a person_id of the sheet or a scan.

    `features` follows its schema. ASSUME: scans with exactly the same mean, minimum and maximum HU are one scan under
    two names; without those columns (config radiomics) only the sheet is used.
    """
    persons = {subject: subject for subject in participants["subject"]}
    fingerprint_columns = [name for name in features if name.startswith(FINGERPRINT)]
    keys = [(participants, [PERSON_COLUMN])] if PERSON_COLUMN in participants else []
    for table, columns in [*keys, (features, fingerprint_columns)] if fingerprint_columns else keys:
        for _, group in table.dropna(subset=columns).groupby(columns)["subject"]:
            names = {persons[subject] for subject in group if subject in persons}
            persons |= {subject: min(names) for subject, name in persons.items() if name in names}
    return persons


def audit(
    *,
    person_of: Mapping[str, str],
    folds: pd.DataFrame,
    training: pd.DataFrame,
    predictions: pd.DataFrame,
    cards: Mapping[str, ModelCard],
) -> pd.DataFrame:
    """Build a row for each fitted model and its scored participants; follows schema audit.

    `people` is the result of `persons_of`. A reduction and a network of a fold are scored on its validation fold, a
    classifier of a fold on the participants it predicted, a final model on the external participants. `shared` counts
    those that the model was fitted on.
    """
    scored_by_fit = _scored_subjects(folds, training, predictions)
    external_subjects = set(predictions.loc[predictions["fold"] == EXTERNAL, "subject"])
    rows = []
    for name, card in cards.items():
        stage, _, folder = name.partition("/")
        for fold, subjects in _fits(stage, folder, card, [fold for own, fold in scored_by_fit if own == name]):
            scored = external_subjects if fold == FINAL else scored_by_fit.get((name, fold), set())
            persons = {person_of.get(subject, subject) for subject in subjects}
            shared = sorted(subject for subject in scored if person_of.get(subject, subject) in persons)
            row = {"stage": stage, "model": folder, "fold": fold, "fitted": len(subjects), "scored": len(scored)}
            rows.append(row | {"shared": len(shared), "who": ", ".join(shared[:MAX_SHOWN]) or None})
    columns = ["stage", "model", "fold", "fitted", "scored", "shared", "who"]
    return pd.DataFrame(rows, columns=columns).sort_values(columns[:3], ignore_index=True)


def check_separation(
    table: pd.DataFrame, *, person_of: Mapping[str, str], participants: pd.DataFrame, folds: pd.DataFrame, count: int
) -> list[Finding]:
    """Check splits and audit table: no person on both sides, every fit on record, persons who take part twice.

    Each repeat of `count` folds is a split of its own.
    """
    repeats = repeat_of_fold(folds["fold"], count=count)
    split = folds["outcome"].where(repeats == 0, folds["outcome"] + ", repeat " + repeats.astype(str))
    once_finding = _check_one_row_per_person(person_of, participants)
    return [_check_persons(person_of, participants, folds.assign(outcome=split)), _check_fits(table), once_finding]


def _check_one_row_per_person(person_of: Mapping[str, str], participants: pd.DataFrame) -> Finding:
    """Check that every participant is another person, which all intervals and tests assume."""
    check = "every participant of the analysis is another person"
    repeated_persons = describe_repeat_participants(participants, people=person_of)
    if not repeated_persons:
        return Finding(PERSONS, check, "passed", f"{int((participants['status'] == 'included').sum())} participants")
    message = (
        f"{', '.join(repeated_persons.values())}: intervals and tests treat them as independent, and so are too narrow"
    )
    return Finding(PERSONS, check, "warned", message)


def _check_persons(person_of: Mapping[str, str], participants: pd.DataFrame, folds: pd.DataFrame) -> Finding:
    """Check that no person, and no scan under two names, is in two folds of an outcome or in two roles."""
    roles = participants[["subject", "role"]].rename(columns={"role": "side"}).assign(split="roles")
    fold_rows = folds.rename(columns={"fold": "side", "outcome": "split"})[["subject", "side", "split"]]
    table = pd.concat([roles, fold_rows.astype({"side": str})]).astype(object)
    table = table.assign(person=[person_of.get(subject, subject) for subject in table["subject"]])
    faults = [
        f"{', '.join(sorted(set(group['subject'])))} ({split})"
        for (split, _), group in table.groupby(["split", "person"])
        if group["side"].nunique() > 1
    ]
    check = "no person and no second scan of one is on both sides of a split"
    person_count = len(set(person_of.values()))
    return make_finding(LEAKAGE, check, faults=faults, of=f"{person_count} persons, {len(person_of)} participants")


def _check_fits(table: pd.DataFrame) -> Finding:
    """Check that no person is on both sides of a fit; a fit without a card is a fault too."""
    shared = table[table["shared"] > 0]
    faults = [f"{row.who} in {row.stage}/{row.model}, fold {row.fold}" for row in shared.itertuples()]
    faults += [
        f"no record of {row.stage}/{row.model}, fold {row.fold}" for row in table[table["fitted"] == 0].itertuples()
    ]
    check = "no fitted object was fitted on a person or a scan that it is scored on"
    return make_finding(LEAKAGE, check, faults=faults, of=f"{len(table)} fitted objects")


def _scored_subjects(
    folds: pd.DataFrame, training: pd.DataFrame, predictions: pd.DataFrame
) -> dict[tuple[str, str], set[str]]:
    """Collect the scored subjects by model and fold."""
    out_of_fold = predictions[predictions["fold"] != EXTERNAL]
    scored_by_fit = {
        (f"classification/{outcome}_{classifier}", str(fold)): set(rows["subject"])
        for (outcome, classifier, fold), rows in out_of_fold.groupby(["outcome", "classifier", "fold"])
    }
    for (outcome, fold), rows in folds.groupby(["outcome", "fold"]):
        scored_by_fit |= {
            (f"features/{outcome}_{int(fold)}_{block}", str(int(fold))): set(rows["subject"]) for block in BLOCKS
        }
    for fold, rows in training.groupby("fold"):
        scored_by_fit |= {
            (f"segmentation/{variant}_{int(fold)}", str(int(fold))): set(rows["subject"]) for variant in VARIANTS
        }
    return scored_by_fit


def _fits(stage: str, folder: str, card: ModelCard, predicted: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each fit of a card with its training subjects: none for a predicted fold that the card lacks."""
    if stage == "classification":
        yield from ((fold, card.folds.get(fold, [])) for fold in sorted({*card.folds, *predicted}))
        yield FINAL, card.subjects
    else:
        fold = {"features": -2, "segmentation": -1}.get(stage)
        yield (FINAL if fold is None else folder.rsplit("_")[fold]), card.subjects
