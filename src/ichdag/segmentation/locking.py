"""The locked list: who trains the networks, drawn once, so that new participants retrain nothing."""

from collections.abc import Collection, Mapping

import pandas as pd

from ichdag.folds import draw_folds
from ichdag.jobs import StudyError
from ichdag.ledger import NETWORKS


def network_candidates(scans: pd.DataFrame, *, fewest: int) -> pd.DataFrame:
    """The development participants whom networks can be trained on: columns subject, outcome, label, for `draw_folds`.

    `scans` follows its schema; a usable baseline scan with a manual mask is what a network needs. All have one label.
    Raises StudyError if there are fewer than `fewest`.
    """
    usable = scans[(scans.timepoint == "baseline") & (scans.status == "included") & scans.manual_volume_ml.notna()]
    if len(usable) < fewest:
        raise StudyError(
            f"{len(usable)} development participants have a usable baseline scan with a manual mask: the networks need "
            f"{fewest} at least, one for each fold. Add manual masks, or set fewer folds (config folds)"
        )
    return pd.DataFrame({"subject": usable.subject.to_numpy(), "outcome": NETWORKS, "label": 0})


def lock(
    scans: pd.DataFrame, *, earlier: pd.DataFrame, persons: Mapping[str, str], count: int, retrain: int, seed: int
) -> pd.DataFrame:
    """Draw the training list (subject, fold, retrain) of a study, or of a retraining.

    `scans` are those of the development cohort (schema scans): whoever has a usable baseline scan with a manual mask is
    on the list. Whoever was on the `earlier` list (schema training) keeps the fold, unless there were another number of
    folds. `persons` says who is behind a subject. Raises StudyError if there are fewer participants than folds.
    """
    candidates = network_candidates(scans, fewest=count)
    same_count = set(earlier["fold"]) == set(range(count))
    kept = (earlier if same_count else earlier.iloc[:0])[["subject", "fold"]]
    folds = draw_folds(
        candidates,
        earlier=kept.assign(outcome=NETWORKS),
        persons=persons,
        count=count,
        repeats=1,
        seed=seed,
    )
    drawn = folds[folds["subject"].isin(candidates["subject"])]
    return drawn[["subject", "fold"]].assign(retrain=retrain).sort_values("subject")


def locked_folds(training: pd.DataFrame, *, away: Collection[str]) -> dict[str, int]:
    """The folds of the training list (schema training) by subject, without those who have another role by now."""
    return training.set_index("subject")["fold"].drop([*away]).to_dict()


def trained_on(grids: pd.DataFrame, *, subjects: Collection[str]) -> pd.DataFrame:
    """The digests of baseline scan and manual mask of those a model is trained on, schema trained_on.

    `grids` follows schema grids. Kept beside the model: they tell which scans and masks have changed since.
    """
    rows = grids[(grids["timepoint"] == "baseline") & grids["subject"].isin(subjects)]
    return rows[["subject", "digest", "mask_digest"]].reset_index(drop=True)
