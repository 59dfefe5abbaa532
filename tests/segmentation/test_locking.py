"""The training list: whoever has a manual mask, parted evenly, and nobody moved by a retraining."""

import pandas as pd
import pytest

from ichdag.jobs import StudyError
from ichdag.segmentation.locking import lock_training_list, locked_folds
from ichdag.segmentation.schemas import TRAINING

NONE = pd.DataFrame(columns=TRAINING.column_names)


def scans(count, without=()):
    """The usable baseline scans of s00, s01, ...; those `without` a manual mask have no manual volume."""
    subjects = [f"s{place:02d}" for place in range(count)]
    volumes = [None if subject in without else 10.0 for subject in subjects]
    usable = {"timepoint": "baseline", "status": "included"}
    return pd.DataFrame({"subject": subjects, "manual_volume_ml": volumes}).assign(**usable)


def drawn(table, earlier=NONE, persons=None, count=5, retrain=0):
    return lock_training_list(table, earlier=earlier, persons=persons or {}, count=count, retrain=retrain, seed=1)


def test_everybody_with_a_manual_mask_is_on_the_list_in_even_folds():
    training = drawn(scans(23, without=["s03"]))
    assert training.subject.tolist() == [f"s{place:02d}" for place in range(23) if place != 3]
    assert sorted(training.fold.value_counts()) == [4, 4, 4, 5, 5] and set(training.retrain) == {0}


def test_a_retraining_keeps_the_folds_of_those_who_stay_and_takes_in_who_came():
    first = drawn(scans(20))
    second = drawn(scans(26).iloc[2:], earlier=first, retrain=1)
    both = first.merge(second, on="subject", suffixes=("", "_later"))
    assert len(both) == 18 and (both.fold == both.fold_later).all()
    assert len(second) == 24 and set(second.retrain) == {1}


def test_a_list_of_another_number_of_folds_is_drawn_anew():
    second = drawn(scans(20), earlier=drawn(scans(20)), count=4, retrain=1)
    assert second.fold.value_counts().tolist() == [5, 5, 5, 5]


def test_scans_of_one_person_are_in_one_fold():
    persons = {"s00": "p", "s07": "p", "s19": "p"}
    assert drawn(scans(20), persons=persons).set_index("subject").fold[list(persons)].nunique() == 1


def test_too_few_manual_masks_for_the_folds_are_refused():
    with pytest.raises(StudyError, match="4 development participants have .* the networks need 5"):
        drawn(scans(6, without=["s00", "s01"]))


def test_who_has_another_role_by_now_is_off_the_list():
    training = drawn(scans(6))
    assert locked_folds(training, excluded=["s03"]) == {
        row.subject: row.fold for row in training.itertuples() if row.subject != "s03"
    }
