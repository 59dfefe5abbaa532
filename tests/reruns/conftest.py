"""A small study, finished once; what a study from nothing has after an edit, made once for all tests that ask."""

import os
from pathlib import Path

import pytest
from edits import EDITS
from equality import compared_files
from small import SmallStudy


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A finished small study; one made before is used, and one made now kept, where SMALL_STUDY names a folder."""
    study = SmallStudy(Path(os.environ.get("SMALL_STUDY") or tmp_path_factory.mktemp("small") / "study"))
    if not (study.folder / "participants.tsv").is_file():
        study.drawn().finished()
    assert study.left() == {}
    return study


@pytest.fixture(scope="session")
def from_nothing(finished, tmp_path_factory):
    """A function: the name of an edit, to a study from nothing with the edited sheet and settings."""
    made = {}

    def make(name):
        name = EDITS[name].like or name
        if name not in made:
            folder = tmp_path_factory.mktemp("nothing")
            study = finished.from_nothing(folder / "study")
            EDITS[name].apply(study)
            made[name] = study.finished()
            unchanged = [file for file in EDITS[name].changes if is_unchanged(file, finished, study)]
            assert not unchanged, f"the edit does not change {unchanged}"
        return made[name]

    return make


def is_unchanged(name, *studies):
    """Whether a result is the same in two studies."""
    assert all(name in compared_files(study) for study in studies), name
    first, second = ((study.folder / "results" / name).read_bytes() for study in studies)
    return first == second
