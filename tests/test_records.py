"""Records of participants are of those whom they are read for."""

import pytest

from ichdag.jobs import StudyError
from ichdag.records import read_record_of, read_records, write_record


@pytest.fixture
def files(tmp_path):
    """A record of each of three participants, by subject; no file's name tells whose it is."""
    paths = {}
    for number, subject in enumerate(("0001", "pop", "D2")):
        paths[subject] = tmp_path / f"{number}.json"
        write_record({"subject": subject, "value": number}, paths[subject])
    return paths


def test_records_are_read_by_participant_in_the_order_asked_for(files):
    assert [one["value"] for one in read_records(files)] == [0, 1, 2]
    assert [one["value"] for one in read_records({name: files[name] for name in ("D2", "0001")})] == [2, 0]


def test_the_record_of_another_participant_is_refused_with_its_path_and_both_names(files):
    files["0001"], files["D2"] = files["D2"], files["0001"]
    with pytest.raises(StudyError, match=r"2\.json should be of participant 0001 and is of D2: delete it"):
        read_records(files)


def test_a_record_of_nobody_is_refused(tmp_path):
    write_record({"value": 1}, tmp_path / "scores.json")
    with pytest.raises(StudyError, match="should be of participant D2 and is of nobody"):
        read_record_of("D2", tmp_path / "scores.json")
