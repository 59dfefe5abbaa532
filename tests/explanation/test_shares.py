"""Shares, their limits or why there are none, and those of several outcomes in one table."""

import numpy as np
import pandas as pd
import pytest

from ichdag.explanation import ExplanationSettings
from ichdag.explanation.shares import block_shares, join_shares
from ichdag.jobs import StudyError


def shares(outcome, share):
    return pd.DataFrame({"outcome": [outcome], "classifier": ["svm"], "block": ["radiomics"], "share": [share]})


def test_every_outcome_keeps_its_own_shares():
    table = join_shares({"death": shares("death", 0.25), "poor_outcome": shares("poor_outcome", 0.75)})
    assert table.set_index("outcome").share.to_dict() == {"death": 0.25, "poor_outcome": 0.75}


def test_the_shares_of_another_outcome_are_refused():
    with pytest.raises(StudyError, match="SHAP shares of death are those of poor_outcome"):
        join_shares({"death": shares("poor_outcome", 0.75), "poor_outcome": shares("poor_outcome", 0.75)})


SETTINGS = ExplanationSettings("radiomics", 60, 20, 200, 400, 0.95, 5)
EQUAL = "no limits of the share: all resamples are equal"
RARE = "no limits of the share: in some resamples no column moves the predictions"
ONE = np.array([[0.3, -0.1]])


@pytest.mark.parametrize(
    ("values", "columns", "share", "note"),
    [
        (ONE, ["radiomics_0", "vaegan_0"], [0.75, 0.25], EQUAL),
        (ONE, ["radiomics_0", "radiomics_1"], [1], EQUAL),
        (np.repeat(ONE, 9, axis=0), ["radiomics_0", "vaegan_0"], [0.75, 0.25], EQUAL),
        (np.zeros((9, 2)), ["radiomics_0", "vaegan_0"], [np.nan] * 2, "no share: no column moves the predictions"),
        (np.concatenate([ONE, np.zeros((2, 2))]), ["radiomics_0", "vaegan_0"], [0.75, 0.25], RARE),
    ],
)
def test_a_share_without_limits_says_why(values, columns, share, note):
    table = block_shares(values, columns=columns, settings=SETTINGS, seed=1)
    assert table.share.tolist() == pytest.approx(share, nan_ok=True)
    assert table[["low", "high"]].isna().all(axis=None) and set(table.note) == {note}


def test_shares_that_differ_between_participants_have_limits_and_no_note():
    """One of two participants has a share of a half: drawn twice, once or never it leaves 0.5, 0.25 and 0."""
    values = np.array([[1.0, 1.0], [0.0, 2.0]])
    table = block_shares(values, columns=["radiomics_0", "vaegan_0"], settings=SETTINGS, seed=1).set_index("block")
    assert table.loc["radiomics", ["share", "low", "high"]].tolist() == [0.25, 0.0, 0.5] and table.note.isna().all()
