"""The predictions table is whole or it is refused."""

from itertools import product

import pandas as pd
import pytest

from ichdag.classification.gathering import gather
from ichdag.constants import CLASSIFIERS, FEATURE_SETS
from ichdag.jobs import StudyError


@pytest.fixture
def table():
    keys = product(FEATURE_SETS, CLASSIFIERS, ["b", "a"])
    table = pd.DataFrame(keys, columns=["features", "classifier", "subject"])
    return table.assign(cohort="trial", outcome="poor_outcome", fold="0", y_true=1, probability=0.5)


def test_a_whole_table_is_ordered_whatever_the_order_of_its_parts(table):
    one = gather([table], outcomes=["poor_outcome"], folds=5)
    other = gather([table.iloc[40:], table.iloc[:40]], outcomes=["poor_outcome"], folds=5)
    assert one.equals(other) and one.subject.tolist()[:2] == ["a", "b"] and len(one) == 84


def test_a_prediction_that_is_there_twice_is_named(table):
    with pytest.raises(StudyError, match="1 predictions are there twice, first subject b of cohort trial"):
        gather([table, table.iloc[:1]], outcomes=["poor_outcome"], folds=5)


def test_of_several_repeats_each_has_everybody_once(table):
    both = [table, table.assign(fold="5")]
    assert len(gather(both, outcomes=["poor_outcome"], folds=5)) == 168
    with pytest.raises(StudyError, match="84 predictions are there twice"):
        gather(both, outcomes=["poor_outcome"], folds=6)
    with pytest.raises(StudyError, match="poor_outcome, radiomics, random_forest: 1 of 4"):
        gather([table, both[1].iloc[1:]], outcomes=["poor_outcome"], folds=5)


def test_a_lacking_prediction_is_named(table):
    with pytest.raises(StudyError, match="poor_outcome, radiomics, random_forest: 1 of 2 participants lacking"):
        gather([table.iloc[1:]], outcomes=["poor_outcome"], folds=5)


def test_an_outcome_without_predictions_is_named(table):
    with pytest.raises(StudyError, match="expansion_3ml, radiomics, random_forest: 0 of 0"):
        gather([table], outcomes=["poor_outcome", "expansion_3ml"], folds=5)
