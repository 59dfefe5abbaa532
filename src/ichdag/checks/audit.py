"""The audit: every fitted object beside the participants it is scored on, counted as persons and scans."""

from collections.abc import Iterator, Mapping

import pandas as pd

from ichdag.checks.finding import Finding, judge
from ichdag.evaluation.prediction_groups import EXTERNAL
from ichdag.models import Card
from ichdag.names import BLOCKS, VARIANTS
from ichdag.persons import PERSON, repeated
from ichdag.repeats import repeat_of

LEAKAGE, PERSONS = "leakage", "persons"
FINAL = "final"
FINGERPRINT = "diagnostics_Image-original_"
SHOWN = 3


def persons_of(participants: pd.DataFrame, *, features: pd.DataFrame) -> dict[str, str]:
    """Who stands behind each subject: subjects share a name if the sheet gives them one person_id, or have one scan.

    `features` follows its schema. ASSUME: scans with the same mean, smallest and largest HU, to the last digit, are
    one scan under two names; without those columns (config radiomics) only the sheet tells.
    """
    people = {subject: subject for subject in participants["subject"]}
    prints = [name for name in features if name.startswith(FINGERPRINT)]
    keys = [(participants, [PERSON])] if PERSON in participants else []
    for table, columns in [*keys, (features, prints)] if prints else keys:
        for _, group in table.dropna(subset=columns).groupby(columns)["subject"]:
            names = {people[subject] for subject in group if subject in people}
            people |= {subject: min(names) for subject, name in people.items() if name in names}
    return people


def audit(
    *,
    people: Mapping[str, str],
    folds: pd.DataFrame,
    training: pd.DataFrame,
    predictions: pd.DataFrame,
    cards: Mapping[str, Card],
) -> pd.DataFrame:
    """A row for each fitted object and what it is scored on, follows schema audit; `people` as from `persons_of`.

    A reduction and a network of a fold are scored on its validation fold, a classifier of a fold on the participants
    it predicted, a final model on the external participants. `shared` counts those whom the object was fitted on.
    """
    held = _held(folds, training, predictions)
    outside = set(predictions.loc[predictions["fold"] == EXTERNAL, "subject"])
    rows = []
    for name, card in cards.items():
        stage, _, folder = name.partition("/")
        for fold, subjects in _fits(stage, folder, card, [fold for own, fold in held if own == name]):
            scored = outside if fold == FINAL else held.get((name, fold), set())
            persons = {people.get(subject, subject) for subject in subjects}
            shared = sorted(subject for subject in scored if people.get(subject, subject) in persons)
            row = {"stage": stage, "model": folder, "fold": fold, "fitted": len(subjects), "scored": len(scored)}
            rows.append(row | {"shared": len(shared), "who": ", ".join(shared[:SHOWN]) or None})
    columns = ["stage", "model", "fold", "fitted", "scored", "shared", "who"]
    return pd.DataFrame(rows, columns=columns).sort_values(columns[:3], ignore_index=True)


def sides(
    table: pd.DataFrame, *, people: Mapping[str, str], participants: pd.DataFrame, folds: pd.DataFrame, count: int
) -> list[Finding]:
    """What the audit's table and the splits say: nobody on both sides, every fit on record, who takes part twice.

    Each repeat of `count` folds is a split of its own.
    """
    repeats = repeat_of(folds["fold"], count=count)
    split = folds["outcome"].where(repeats == 0, folds["outcome"] + ", repeat " + repeats.astype(str))
    once = _once(people, participants)
    return [_one_side(people, participants, folds.assign(outcome=split)), _disjoint(table), once]


def _once(people: Mapping[str, str], participants: pd.DataFrame) -> Finding:
    """Whether every participant is another person, which all intervals and tests take for granted."""
    check, told = "every participant of the analysis is another person", repeated(participants, people=people)
    if not told:
        return Finding(PERSONS, check, "passed", f"{int((participants['status'] == 'included').sum())} participants")
    found = f"{', '.join(told.values())}: intervals and tests treat them as independent, and so are too narrow"
    return Finding(PERSONS, check, "warned", found)


def _one_side(people: Mapping[str, str], participants: pd.DataFrame, folds: pd.DataFrame) -> Finding:
    """No person, and no scan under two names, is in two folds of an outcome or in two roles."""
    roles = participants[["subject", "role"]].rename(columns={"role": "side"}).assign(split="roles")
    sides = folds.rename(columns={"fold": "side", "outcome": "split"})[["subject", "side", "split"]]
    table = pd.concat([roles, sides.astype({"side": str})]).astype(object)
    table = table.assign(person=[people.get(subject, subject) for subject in table["subject"]])
    faults = [
        f"{', '.join(sorted(set(group['subject'])))} ({split})"
        for (split, _), group in table.groupby(["split", "person"])
        if group["side"].nunique() > 1
    ]
    check = "no person and no second scan of one is on both sides of a split"
    known = len(set(people.values()))
    return judge(LEAKAGE, check, faults=faults, of=f"{known} persons, {len(people)} participants")


def _disjoint(table: pd.DataFrame) -> Finding:
    """Nobody is on both sides of a fit, and a fit that is on no card is a fault too."""
    shared = table[table["shared"] > 0]
    faults = [f"{row.who} in {row.stage}/{row.model}, fold {row.fold}" for row in shared.itertuples()]
    faults += [
        f"no record of {row.stage}/{row.model}, fold {row.fold}" for row in table[table["fitted"] == 0].itertuples()
    ]
    check = "no fitted object was fitted on a person or a scan that it is scored on"
    return judge(LEAKAGE, check, faults=faults, of=f"{len(table)} fitted objects")


def _held(folds: pd.DataFrame, training: pd.DataFrame, predictions: pd.DataFrame) -> dict[tuple[str, str], set[str]]:
    """By model and fold, who is scored there."""
    inside = predictions[predictions["fold"] != EXTERNAL]
    held = {
        (f"classification/{outcome}_{classifier}", str(fold)): set(part["subject"])
        for (outcome, classifier, fold), part in inside.groupby(["outcome", "classifier", "fold"])
    }
    for (outcome, fold), part in folds.groupby(["outcome", "fold"]):
        held |= {(f"features/{outcome}_{int(fold)}_{block}", str(int(fold))): set(part["subject"]) for block in BLOCKS}
    for fold, part in training.groupby("fold"):
        held |= {(f"segmentation/{one}_{int(fold)}", str(int(fold))): set(part["subject"]) for one in VARIANTS}
    return held


def _fits(stage: str, folder: str, card: Card, predicted: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each fit that a card stands for, with whom it saw: nobody for a predicted fold that is not on the card."""
    if stage == "classification":
        yield from ((fold, card.folds.get(fold, [])) for fold in sorted({*card.folds, *predicted}))
        yield FINAL, card.subjects
    else:
        fold = {"features": -2, "segmentation": -1}.get(stage)
        yield (FINAL if fold is None else folder.rsplit("_")[fold]), card.subjects
