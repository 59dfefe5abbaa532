"""The shares of several outcomes in one table."""

import pandas as pd
import pytest

from ichdag.explanation.shares import join_shares
from ichdag.jobs import StudyError


def shares(outcome, share):
    return pd.DataFrame({"outcome": [outcome], "classifier": ["svm"], "block": ["radiomics"], "share": [share]})


def test_every_outcome_keeps_its_own_shares():
    table = join_shares({"death": shares("death", 0.25), "poor_outcome": shares("poor_outcome", 0.75)})
    assert table.set_index("outcome").share.to_dict() == {"death": 0.25, "poor_outcome": 0.75}


def test_the_shares_of_another_outcome_are_refused():
    with pytest.raises(StudyError, match="SHAP shares of death are those of poor_outcome"):
        join_shares({"death": shares("poor_outcome", 0.75), "poor_outcome": shares("poor_outcome", 0.75)})
