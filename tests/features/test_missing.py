"""Missing radiomic cells: the median of the training part, or no column; for the block and for the shape set."""

import numpy as np
import pandas as pd
import pytest

from ichdag.classification import ClassificationSettings
from ichdag.classification.classifiers import ClassifierConfig, build
from ichdag.features.blocks import Block, blank_columns
from ichdag.features.reducer import Reducer


@pytest.fixture
def block():
    """Twelve training rows and two later ones; the last column has no value, the first lacks one."""
    values = np.random.default_rng(0).uniform(1, 9, (14, 6))
    values[:, 5] = np.nan
    values[12, 0] = np.nan
    return values


def fitted(values):
    return Reducer(rank=2, init="nndsvda", max_iter=50, tolerance=1e-4, random_state=0).fit(values)


def test_a_missing_cell_of_a_later_patient_gets_the_training_part_s_median_and_nothing_else(block):
    reducer = fitted(block[:12])
    filled = block.copy()
    filled[12, 0] = np.median(block[:12, 0])
    assert np.isnan(block[12, 0]) and np.isfinite(reducer.transform(block[12:])).all()
    np.testing.assert_array_equal(reducer.transform(block[12:13]), reducer.transform(filled[12:13]))


def test_a_column_without_a_value_in_the_training_part_is_dropped(block):
    reducer = fitted(block[:12])
    assert reducer.kept_.tolist() == [True] * 5 + [False]
    later = block.copy()
    later[:, 5] = 3
    np.testing.assert_array_equal(reducer.transform(block[12:]), reducer.transform(later[12:]))


def test_blanked_columns_are_dropped_by_the_reduction_and_stay_in_the_block(block):
    named = Block("radiomics", [f"p{n}" for n in range(14)], block, list("abcdef"))
    blank = blank_columns(named, names=["b", "d"])
    assert blank.columns == named.columns and np.isfinite(named.values[:, 1]).all()
    assert fitted(blank.values[:12]).kept_.tolist() == [True, False, True, False, True, False]


def test_missing_shape_features_get_the_training_part_s_median_in_every_classifier():
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.normal(size=(20, 3)), columns=["original_shape_Elongation", "b", "c"])
    X.iloc[3, 0] = np.nan
    parameters = {"classifiers": {"naive_bayes": {}}, "grid": {}}
    rest = {"tuning": "none", "class_weights": "none"}
    rest |= dict.fromkeys(("tuning_folds", "calibration_folds", "threshold_folds"), 2)
    pipeline = build(
        ClassifierConfig("naive_bayes", ClassificationSettings(**parameters | rest), 0, 1), smaller_class=10
    )
    pipeline.fit(X.iloc[:15], [0, 1] * 7 + [0])
    assert pipeline["impute"].statistics_[0] == X.iloc[:15, 0].median()
    assert np.isfinite(pipeline.predict_proba(X)).all()
