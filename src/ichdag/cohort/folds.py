"""Folds: drawn once, before anything is fitted; a participant who has one keeps it when others join."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from ichdag.cohort.outcomes import outcome_of, with_expansion
from ichdag.cohort.sheet import Row, subject_of
from ichdag.jobs import StudyError
from ichdag.repeats import repeat_of

NETWORKS = "segmentation"


def known_labels(rows: list[Row], *, scans: pd.DataFrame, outcomes: dict[str, str], volumes: str) -> pd.DataFrame:
    """What is known of each outcome before any mask is predicted: columns subject, outcome, label (1, 0 or missing).

    `scans` follows schema scans. Participants without a usable baseline scan get no row; the outcome 'segmentation'
    (the networks' own cross-validation) has those with a manual baseline mask, all with one label.
    """
    usable = scans[scans.status == "included"].set_index(["subject", "timepoint"])
    manual = usable.manual_volume_ml
    found = []
    for row in rows:
        subject = subject_of(row)
        if (subject, "baseline") not in usable.index:
            continue
        if volumes == "masks":
            pair = {f"{time}_volume_ml": _known(manual.get((subject, time))) for time in ("baseline", "followup")}
            row = row | pair
        labels = {name: outcome_of(text, with_expansion(row)) for name, text in outcomes.items()}
        if pd.notna(manual.get((subject, "baseline"))):
            labels[NETWORKS] = 0
        found += [{"subject": subject, "outcome": name, "label": label} for name, label in labels.items()]
    return pd.DataFrame(found, columns=["subject", "outcome", "label"]).astype({"label": "Int64"})


def draw_folds(
    labels: pd.DataFrame, *, earlier: pd.DataFrame, persons: Mapping[str, str], count: int, repeats: int, seed: int
) -> pd.DataFrame:
    """Assign every (subject, outcome) a fold in each repeat, stratified by label; `earlier` assignments are kept.

    Repeat i has the folds i * count to (i + 1) * count - 1; the networks' folds are drawn in the first alone. `persons`
    says who is behind a subject, where one person may be several subjects: these share a fold. New subjects go, in
    seeded random order, to the fold that has the fewest of their stratum. The result follows schema folds and keeps the
    earlier rows of participants who left and of repeats beyond. Raises StudyError if there are fewer subjects than
    folds, if earlier folds part subjects of whom it is said only now that they are one person, or if they are repeats
    of another number of folds.
    """
    earlier = earlier.assign(repeat=repeat_of(earlier.fold, count=count))
    _refuse_other_counts(earlier, count=count)
    drawn = []
    for repeat in range(repeats):
        wanted = labels if repeat == 0 else labels[labels.outcome != NETWORKS]
        before = earlier[earlier.repeat == repeat].drop(columns="repeat")
        before = before.assign(fold=before.fold.astype(int) - repeat * count)
        found = _draw(wanted, earlier=before, persons=persons, count=count, seed=[seed, repeat][: 1 + (repeat > 0)])
        drawn.append(found.assign(fold=found.fold + repeat * count))
    keys = ["subject", "outcome", "fold"]
    folds = pd.concat(drawn)
    left = earlier[keys].astype({"fold": int}).merge(folds, on=keys, how="left", indicator=True)
    gone = left[left["_merge"] == "left_only"][keys]
    return pd.concat([folds, gone]).sort_values(["outcome", "subject", "fold"]).reset_index(drop=True)


def _refuse_other_counts(earlier: pd.DataFrame, *, count: int) -> None:
    """Raise StudyError if earlier folds cannot have been drawn as repeats of this many."""
    twice = earlier[earlier.duplicated(["subject", "outcome", "repeat"])]
    if len(twice):
        row = twice.iloc[0]
        raise StudyError(
            f"outcome {row.outcome}: sub-{row.subject} has two of the earlier folds within one repeat of {count}. "
            "Set config folds to what it was, or move ledger/ away: folds are drawn anew, and networks and models "
            "trained anew"
        )


def _draw(
    labels: pd.DataFrame, *, earlier: pd.DataFrame, persons: Mapping[str, str], count: int, seed: list[int]
) -> pd.DataFrame:
    """The folds 0..count-1 of one repeat."""
    merged = labels.merge(earlier, on=["subject", "outcome"], how="left", validate="one_to_one")
    drawn = []
    for number, (outcome, table) in enumerate(merged.groupby("outcome", sort=True)):
        if len(table) < count:
            raise StudyError(f"outcome {outcome}: {len(table)} usable development participants for {count} folds")
        known = _folds_of_persons(earlier[earlier.outcome == outcome], persons)
        random = np.random.default_rng([seed[0], number, *seed[1:]])
        drawn.append(_with_folds(table.copy(), known, persons, count, random))
    return pd.concat(drawn)[["subject", "outcome", "fold"]].astype({"fold": int})


def _folds_of_persons(earlier: pd.DataFrame, persons: Mapping[str, str]) -> dict[str, int]:
    """The fold of every person who has one."""
    found: dict[str, tuple[int, str]] = {}
    for subject, fold in zip(earlier.subject, earlier.fold, strict=True):
        person = persons.get(subject)
        if person is None:
            continue
        there, other = found.setdefault(person, (int(fold), subject))
        if there != fold:
            raise StudyError(
                f"person '{person}': sub-{other} and sub-{subject} were drawn into folds {there} and {int(fold)} "
                "before person_id said that they are one. Leave one of them out, or move ledger/ away: folds are "
                "drawn anew, and networks and models trained anew"
            )
    return {person: fold for person, (fold, _) in found.items()}


def _with_folds(
    table: pd.DataFrame, known: dict[str, int], persons: Mapping[str, str], count: int, random: np.random.Generator
) -> pd.DataFrame:
    """One outcome's table with every fold filled: persons who have one, then large persons, then the rest."""
    people = table.subject.map(persons)
    table["fold"] = table.fold.fillna(people.map(known)).astype(float)
    strata = table.label.fillna(-1).astype(int).to_dict()
    sizes = {label: np.zeros(count) for label in sorted(set(strata.values()))}
    for index, fold in table.fold.dropna().items():
        sizes[strata[index]][int(fold)] += 1
    totals = sum(sizes.values())
    fresh = table[table.fold.isna()].sort_values("subject")
    for unit in _units(fresh, people[fresh.index], strata, random):
        here = sum(sizes[strata[index]] for index in unit)
        fold = int(np.lexsort((totals, here))[0])
        totals[fold] += len(unit)
        for index in unit:
            table.at[index, "fold"] = fold
            sizes[strata[index]][fold] += 1
    return table


def _units(
    fresh: pd.DataFrame, people: pd.Series, strata: dict[int, int], random: np.random.Generator
) -> Iterator[list[int]]:
    """Rows that are given a fold together, in the order in which they are: large persons first, while room is even."""
    groups = [list(group.index) for _, group in fresh.groupby(people, sort=True) if len(group) > 1]
    order = random.permutation(len(groups)) if groups else []
    yield from sorted((groups[position] for position in order), key=len, reverse=True)
    grouped = {index for group in groups for index in group}
    singles = [index for index in fresh.index if index not in grouped]
    for label in sorted(set(strata.values())):
        yield from ([index] for index in random.permutation([i for i in singles if strata[i] == label]))


def _known(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
