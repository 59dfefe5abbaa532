"""Folds are stratified, drawn once, and kept when participants come and go."""

import numpy as np
import pandas as pd
import pytest

from ichdag.cohort.folds import draw_folds, known_labels
from ichdag.jobs import StudyError

NONE = pd.DataFrame(columns=["subject", "outcome", "fold"])


def labels(count, positives, outcome="poor_outcome"):
    rows = [{"subject": f"s{i:03d}", "outcome": outcome, "label": int(i < positives)} for i in range(count)]
    return pd.DataFrame(rows).astype({"label": "Int64"})


def test_each_fold_has_its_share_of_each_class():
    drawn = draw_folds(labels(53, 21), earlier=NONE, count=5, seed=1).merge(labels(53, 21))
    assert drawn.groupby("fold").label.sum().between(4, 5).all()
    assert drawn.groupby("fold").size().between(10, 11).all()


def test_a_subject_has_one_fold_for_each_outcome():
    both = pd.concat([labels(40, 12), labels(40, 20, "expansion_3ml")])
    drawn = draw_folds(both, earlier=NONE, count=5, seed=1)
    assert len(drawn) == 80 and not drawn.duplicated(["subject", "outcome"]).any()


def test_the_same_seed_draws_the_same_folds_and_another_seed_others():
    one, same, other = (draw_folds(labels(40, 12), earlier=NONE, count=5, seed=seed).fold for seed in (1, 1, 2))
    assert one.equals(same) and not one.equals(other)


def test_earlier_participants_keep_their_folds_when_others_join_and_leave():
    first = draw_folds(labels(40, 12), earlier=NONE, count=5, seed=1)
    later = draw_folds(labels(61, 30).iloc[3:], earlier=first, count=5, seed=1)
    kept = first.merge(later, on=["subject", "outcome"], suffixes=("", "_later"))
    assert len(kept) == 40 and (kept.fold == kept.fold_later).all()
    assert later.groupby("fold").size().between(11, 14).all()


def test_participants_whose_outcome_is_not_known_yet_get_a_fold():
    table = labels(40, 12)
    table.loc[::7, "label"] = pd.NA
    drawn = draw_folds(table, earlier=NONE, count=5, seed=1)
    assert set(drawn.subject) == set(table.subject)


def test_fewer_participants_than_folds_are_refused():
    with pytest.raises(StudyError, match="3 usable development participants for 5 folds"):
        draw_folds(labels(3, 1), earlier=NONE, count=5, seed=1)


def test_labels_come_from_manual_volumes_and_excluded_scans_give_none():
    scans = pd.DataFrame(
        {
            "subject": ["a", "a", "b", "b", "c", "c"],
            "timepoint": ["baseline", "followup"] * 3,
            "status": ["included"] * 4 + ["excluded", "included"],
            "manual_volume_ml": [10.0, 14.0, 5.0, np.nan, np.nan, np.nan],
        }
    )
    rows = [{"participant_id": f"sub-{name}"} for name in "abc"]
    found = known_labels(rows, scans=scans, outcomes={"grown": "expansion_ml > 3"}, volumes="masks")
    grown = found[found.outcome == "grown"].set_index("subject").label
    assert grown["a"] == 1 and pd.isna(grown["b"]) and "c" not in grown
    assert set(found[found.outcome == "segmentation"].subject) == {"a", "b"}
