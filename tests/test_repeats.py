"""Which repeat a fold is of: by the number of folds, or told from the rows alone."""

import numpy as np
import pandas as pd
import pytest

from ichdag.jobs import StudyError
from ichdag.repeats import infer_repeats, repeat_of_fold

SUBJECTS = np.array([f"s{number:02d}" for number in range(12)])


def two_repeats():
    """Three folds, twice: subjects and folds as text."""
    random = np.random.default_rng(0)
    folds = [random.permutation(np.arange(12) % 3) + 3 * repeat for repeat in (0, 1)]
    return np.tile(SUBJECTS, 2), np.concatenate(folds).astype(str).astype(object)


def test_folds_are_numbered_on_from_repeat_to_repeat_and_external_rows_are_of_the_first():
    assert repeat_of_fold(pd.Series(["0", "4", "5", "14", "external"]), count=5).tolist() == [0, 0, 1, 2, 0]
    assert repeat_of_fold(pd.Series([0, 9, 10]), count=5).tolist() == [0, 1, 2]


def test_the_repeat_of_each_row_is_told_from_subjects_and_folds_in_any_order():
    subjects, folds = two_repeats()
    order = np.random.default_rng(1).permutation(24)
    found = infer_repeats(subjects[order], folds=folds[order], where="here")
    assert found.tolist() == (folds[order].astype(int) // 3).tolist()
    assert infer_repeats(SUBJECTS, folds=folds[:12], where="here").tolist() == [0] * 12


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda subjects, folds: (np.append(subjects, "s03"), np.append(folds, folds[3])), "s03 stands twice"),
        (lambda subjects, folds: (subjects[:-1], folds[:-1]), "here: s11 has no prediction in one of 2 repeats"),
        (lambda subjects, folds: (np.append(SUBJECTS, "s03"), np.append(folds[:12], "0")), "s03 stands twice"),
    ],
)
def test_rows_that_are_no_repeats_are_refused_with_the_subject(change, words):
    subjects, folds = change(*two_repeats())
    with pytest.raises(StudyError, match=words):
        infer_repeats(subjects, folds=folds, where="here")
