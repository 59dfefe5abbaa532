"""Lock the training list: it is drawn once, so that new participants do not retrain the networks."""

from collections.abc import Collection, Mapping

import pandas as pd

from ichdag.jobs import StudyError
from ichdag.ledger import NETWORKS_OUTCOME
from ichdag.stratified_folds import draw_folds


def network_candidates(scans: pd.DataFrame, *, min_count: int) -> pd.DataFrame:
    """Return the development participants that can train networks: columns subject, outcome, label, for `draw_folds`.

    `scans` follows schema scans; a network needs a usable baseline scan with a manual mask. All have the same label.
    Raises StudyError if there are fewer than `min_count`.
    """
    usable = scans[(scans.timepoint == "baseline") & (scans.status == "included") & scans.manual_volume_ml.notna()]
    if len(usable) < min_count:
        raise StudyError(
            f"{len(usable)} development participants have a usable baseline scan with a manual mask: the networks need "
            f"{min_count} at least, one for each fold. Add manual masks, or set fewer folds (config folds)"
        )
    return pd.DataFrame({"subject": usable.subject.to_numpy(), "outcome": NETWORKS_OUTCOME, "label": 0})


def lock_training_list(
    scans: pd.DataFrame, *, earlier: pd.DataFrame, persons: Mapping[str, str], count: int, retrain: int, seed: int
) -> pd.DataFrame:
    """Draw the training list (subject, fold, retrain) of a study, or of a retraining.

    `scans` are those of the development cohort (schema scans): every participant with a usable baseline scan and a
    manual mask is on the list. Participants of the `earlier` list (schema training) keep their folds if the number of
    folds is the same. `persons` has the person of each subject. Raises StudyError if there are fewer participants than
    folds.
    """
    candidates = network_candidates(scans, min_count=count)
    same_count = set(earlier["fold"]) == set(range(count))
    kept = (earlier if same_count else earlier.iloc[:0])[["subject", "fold"]]
    folds = draw_folds(
        candidates,
        earlier=kept.assign(outcome=NETWORKS_OUTCOME),
        persons=persons,
        count=count,
        repeats=1,
        seed=seed,
    )
    drawn = folds[folds["subject"].isin(candidates["subject"])]
    return drawn[["subject", "fold"]].assign(retrain=retrain).sort_values("subject")


def locked_folds(training: pd.DataFrame, *, excluded: Collection[str]) -> dict[str, int]:
    """Return the folds of the training list (schema training) by subject, without subjects whose role has changed."""
    return training.set_index("subject")["fold"].drop([*excluded]).to_dict()


def training_data_digests(grids: pd.DataFrame, *, subjects: Collection[str]) -> pd.DataFrame:
    """Return the digests of baseline scan and manual mask of the training subjects of a model (schema trained_on).

    `grids` follows schema grids. The table is kept with the model and shows which scans and masks have changed since.
    """
    rows = grids[(grids["timepoint"] == "baseline") & grids["subject"].isin(subjects)]
    return rows[["subject", "digest", "mask_digest"]].reset_index(drop=True)
