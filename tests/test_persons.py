"""One person may be several participants: by person_id, by a scan, or by an id that looks like another."""

import pandas as pd

from ichdag.persons import (
    describe_repeat_participants,
    group_similar_ids,
    group_similar_names,
    identify_persons,
    person_labels,
    shared_persons,
)

PARTICIPANTS = pd.DataFrame(
    {
        "subject": ["a", "b", "c", "d"],
        "role": ["development", "development", "development", "external"],
        "status": "included",
        "person_id": ["p1", "p1", None, None],
    }
)


def test_only_persons_with_several_subjects_are_shared():
    assert shared_persons({"a": "p1", "b": "p2", "c": "p1", "d": None}) == {"a": "p1", "c": "p1"}


def test_participants_with_the_same_person_id_have_the_same_label_and_others_their_own():
    labels = person_labels(PARTICIPANTS.set_index("subject"))
    assert labels["a"] == labels["b"] and labels.nunique() == 3
    assert person_labels(PARTICIPANTS.set_index("subject")[["role"]]).tolist() == ["a", "b", "c", "d"]


def test_a_person_id_or_a_scan_in_common_makes_one_person():
    features = pd.DataFrame({"subject": ["a", "b", "c", "d"], "diagnostics_Image-original_Mean": [1.0, 2.0, 3.0, 2.0]})
    assert identify_persons(PARTICIPANTS, features=features) == {"a": "a", "b": "a", "c": "c", "d": "a"}
    assert identify_persons(PARTICIPANTS, features=features[["subject"]])["d"] == "d"


def test_persons_who_take_part_twice_are_counted_by_role():
    words = {"development": "3 development participants are 2 persons"}
    assert describe_repeat_participants(PARTICIPANTS) == words
    assert describe_repeat_participants(PARTICIPANTS.drop(columns="person_id")) == {}
    assert describe_repeat_participants(PARTICIPANTS.assign(status="excluded")) == {}
    one = dict.fromkeys("abc", "a")
    assert describe_repeat_participants(PARTICIPANTS, people=one)["development"].endswith("are 1 person")


def test_ids_and_names_that_look_alike_are_grouped():
    assert group_similar_ids(["sub-1", "sub-01", "sub-A", "sub-a", "sub-2"]) == [
        ["sub-1", "sub-01"],
        ["sub-A", "sub-a"],
    ]
    assert group_similar_names(["Site A", "site-a", "Site B"]) == [["Site A", "site-a"]]
