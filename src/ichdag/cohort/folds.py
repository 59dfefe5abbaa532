"""Folds: drawn once, before anything is fitted; a participant who has one keeps it when others join."""

import numpy as np
import pandas as pd

from ichdag.cohort.outcomes import outcome_of
from ichdag.cohort.sheet import Row, subject_of
from ichdag.cohort.validation import with_expansion
from ichdag.jobs import StudyError

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


def draw_folds(labels: pd.DataFrame, *, earlier: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Assign every (subject, outcome) a fold 0..count-1, stratified by label; `earlier` assignments stay as they are.

    New subjects of a stratum go, in seeded random order, to the fold that has the fewest of that stratum. The result
    follows schema folds and keeps the earlier rows of participants who left.
    """
    merged = labels.merge(earlier, on=["subject", "outcome"], how="left", validate="one_to_one")
    drawn = []
    for number, (outcome, table) in enumerate(merged.groupby("outcome", sort=True)):
        if len(table) < count:
            raise StudyError(f"outcome {outcome}: {len(table)} usable development participants for {count} folds")
        random = np.random.default_rng([seed, number])
        totals = table.fold.value_counts().reindex(range(count), fill_value=0).to_numpy().astype(float)
        for _, stratum in table.groupby(table.label.fillna(-1), sort=True):
            sizes = stratum.fold.value_counts().reindex(range(count), fill_value=0).to_numpy().astype(float)
            fresh = stratum[stratum.fold.isna()].sort_values("subject")
            for index in random.permutation(fresh.index):
                fold = int(np.lexsort((totals, sizes))[0])
                sizes[fold] += 1
                totals[fold] += 1
                table.loc[index, "fold"] = fold
        drawn.append(table)
    folds = pd.concat(drawn)[["subject", "outcome", "fold"]].astype({"fold": int})
    left = earlier.merge(folds[["subject", "outcome"]], on=["subject", "outcome"], how="left", indicator=True)
    gone = left[left["_merge"] == "left_only"][["subject", "outcome", "fold"]]
    return pd.concat([folds, gone]).sort_values(["outcome", "subject"]).reset_index(drop=True)


def _known(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
