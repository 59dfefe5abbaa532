"""Draw stratified folds before any model is fitted; a participant who has a fold keeps it when others join.

The networks' own folds are drawn before any mask is predicted, among those with a manual mask. An outcome's folds are
drawn once its labels are known, those from predicted volumes included, so that they can be stratified.
"""

from collections.abc import Iterable, Iterator, Mapping
from zlib import crc32

import numpy as np
import pandas as pd

from ichdag.jobs import StudyError
from ichdag.repeats import repeat_of_fold


def draw_folds(
    labels: pd.DataFrame, *, earlier: pd.DataFrame, persons: Mapping[str, str], count: int, repeats: int, seed: int
) -> pd.DataFrame:
    """Assign every (subject, outcome) a fold in each repeat, stratified by label; `earlier` assignments are kept.

    `labels` has the columns subject, outcome and label. Repeat i has the folds
    i * count to (i + 1) * count - 1. `persons` says who is behind a subject, where one person may be several subjects:
    these share a fold. New subjects go, in seeded random order, to the fold that has the fewest of their stratum, so
    that the folds of a study that nobody joined differ by at most one in each class. The result follows schema folds
    and keeps the earlier rows of participants who left and of repeats beyond. Raises StudyError if earlier folds part
    subjects of whom it is said only now that they are one person, or if they are repeats of another number of folds.
    """
    earlier = earlier.assign(repeat=repeat_of_fold(earlier.fold, count=count))
    _refuse_other_counts(earlier, count=count)
    drawn = []
    for repeat in range(repeats):
        before = earlier[earlier.repeat == repeat].drop(columns="repeat")
        before = before.assign(fold=before.fold.astype(int) - repeat * count)
        folds = _draw(labels, earlier=before, persons=persons, count=count, seed=[seed, repeat])
        drawn.append(folds.assign(fold=folds.fold + repeat * count))
    keys = ["subject", "outcome", "fold"]
    folds = pd.concat(drawn)
    left = earlier[keys].astype({"fold": int}).merge(folds, on=keys, how="left", indicator=True)
    gone = left[left["_merge"] == "left_only"][keys]
    return pd.concat([folds, gone]).sort_values(["outcome", "subject", "fold"]).reset_index(drop=True)


def _refuse_other_counts(earlier: pd.DataFrame, *, count: int) -> None:
    """Raise StudyError if earlier folds cannot have been drawn as repeats of this many."""
    ordered = earlier.sort_values("repeat")
    odd = ordered[ordered.groupby(["subject", "outcome"]).cumcount() != ordered.repeat]
    if len(odd):
        row = odd.iloc[0]
        raise StudyError(
            f"outcome {row.outcome}: sub-{row.subject} has earlier folds that are not one in each repeat of {count}. "
            "Set config folds to what it was, or move ledger/ away: folds are drawn anew, and networks and models "
            "trained anew"
        )


def _draw(
    labels: pd.DataFrame, *, earlier: pd.DataFrame, persons: Mapping[str, str], count: int, seed: list[int]
) -> pd.DataFrame:
    """Draw the folds 0..count-1 of one repeat."""
    merged = labels.merge(earlier, on=["subject", "outcome"], how="left", validate="one_to_one")
    drawn = []
    for outcome, table in merged.groupby("outcome", sort=True):
        known = folds_of_persons(earlier[earlier.outcome == outcome], persons=persons)
        random = np.random.default_rng([*seed, crc32(str(outcome).encode())])  # the same whatever outcomes are beside
        drawn.append(_with_folds(table.copy(), known, persons, count, random))
    return pd.concat(drawn)[["subject", "outcome", "fold"]].astype({"fold": int})


def folds_of_persons(earlier: pd.DataFrame, *, persons: Mapping[str, str]) -> dict[str, int]:
    """Return the fold of every person who has one; `earlier` has columns subject and fold.

    Raises StudyError if a person has two.
    """
    assigned: dict[str, tuple[int, str]] = {}
    for subject, fold in zip(earlier.subject, earlier.fold, strict=True):
        person = persons.get(subject)
        if person is None:
            continue
        other_fold, other = assigned.setdefault(person, (int(fold), subject))
        if other_fold != fold:
            raise StudyError(
                f"person '{person}': sub-{other} and sub-{subject} were drawn into folds {other_fold} and {int(fold)} "
                "before person_id said that they are one. Leave one of them out, or move ledger/ away: folds are "
                "drawn anew, and networks and models trained anew"
            )
    return {person: fold for person, (fold, _) in assigned.items()}


def _with_folds(
    table: pd.DataFrame, known: dict[str, int], persons: Mapping[str, str], count: int, random: np.random.Generator
) -> pd.DataFrame:
    """Fill the folds of one outcome: persons who have one, then persons with several rows, then the rest."""
    people = table.subject.map(persons)
    table["fold"] = table.fold.fillna(people.map(known)).astype(float)
    strata = table.label.astype(int).to_dict()
    sizes = {label: np.zeros(count) for label in sorted(set(strata.values()))}
    for index, fold in table.fold.dropna().items():
        sizes[strata[index]][int(fold)] += 1
    totals = np.sum(list(sizes.values()), axis=0)
    fresh = table[table.fold.isna()].sort_values("subject")
    given: dict[int, int] = {}
    for unit in _units(fresh, people[fresh.index], strata, random):
        of_strata = np.sum([sizes[strata[index]] for index in unit], axis=0)
        fold = int(np.lexsort((totals, of_strata))[0])
        totals[fold] += len(unit)
        for index in unit:
            given[index] = fold
            sizes[strata[index]][fold] += 1
    return table.assign(fold=table.fold.fillna(pd.Series(given, dtype=float)))


def _units(
    fresh: pd.DataFrame, people: pd.Series, strata: dict[int, int], random: np.random.Generator
) -> Iterator[list[int]]:
    """Group the rows that get the same fold, in the order of assignment: persons with many participants first."""
    groups = [list(group.index) for _, group in fresh.groupby(people, sort=True) if len(group) > 1]
    order: Iterable[int] = random.permutation(len(groups)) if groups else []
    yield from sorted((groups[position] for position in order), key=len, reverse=True)
    grouped = {index for group in groups for index in group}
    singles = [index for index in fresh.index if index not in grouped]
    for label in sorted(set(strata.values())):
        yield from ([index] for index in random.permutation([i for i in singles if strata[i] == label]))
