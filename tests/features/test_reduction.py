"""The reduction as a stage: who is seen, what is read, what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls

from ichdag.arrays import write_store
from ichdag.features import FeaturesSettings, describe_reduction, fit_reduction, limits_of, reduce_block
from ichdag.features.blocks import Block, check_usable, read_block, shape_columns
from ichdag.features.subjects import assigned_folds, included, observed_labels, training_subjects
from ichdag.jobs import DataFault, StudyError
from ichdag.radiomics.schemas import FEATURES
from ichdag.tables import write_table

SETTINGS = FeaturesSettings(rank=3, init="nndsvda", max_iter=200, tolerance=1e-4)


@pytest.fixture
def cohort():
    """Ten participants; s3 is excluded, the outcome of s5 is not known."""
    subjects = [f"s{number}" for number in range(10)]
    status = ["excluded" if subject == "s3" else "included" for subject in subjects]
    outcome = pd.array([0, 1, 0, 1, 0, None, 1, 0, 1, 0], dtype="Int64")
    return pd.DataFrame({"subject": subjects, "status": status, "poor_outcome": outcome})


@pytest.fixture
def folds(cohort):
    return pd.DataFrame({"subject": cohort.subject, "outcome": "poor_outcome", "fold": [0, 1, 2, 3, 4] * 2})


@pytest.fixture
def block():
    values = np.random.default_rng(0).gamma(1, 1, (12, 20))
    return Block("radiomics", [f"s{11 - row}" for row in range(12)], values, [f"column{place}" for place in range(20)])


def test_a_fold_is_fitted_without_its_validation_part_the_excluded_and_those_without_outcome(cohort, folds):
    training = training_subjects(cohort, folds=folds, outcome="poor_outcome", fold="1")
    assert training == ["s0", "s2", "s4", "s7", "s8", "s9"]


def test_the_final_reduction_sees_all_included_participants_and_no_outcome(cohort, folds):
    training = training_subjects(cohort, folds=folds, outcome="all", fold="final")
    assert training == included(cohort) == [f"s{number}" for number in range(10) if number != 3]


def test_every_participant_with_an_outcome_is_validated_in_exactly_one_fold(cohort, folds):
    drawn = assigned_folds(cohort, folds=folds, outcome="poor_outcome")
    kept_out = []
    for fold in "01234":
        training = training_subjects(cohort, folds=folds, outcome="poor_outcome", fold=fold)
        kept_out += set(drawn.index) - set(training)
    assert sorted(kept_out) == sorted(observed_labels(cohort, "poor_outcome").index)


def test_a_fold_of_a_further_repeat_is_fitted_on_everybody_outside_it_once(cohort, folds):
    second = folds.assign(fold=[5, 5, 6, 6, 7, 7, 8, 8, 9, 9])
    training = training_subjects(cohort, folds=pd.concat([folds, second]), outcome="poor_outcome", fold="6")
    assert training == ["s0", "s1", "s4", "s6", "s7", "s8", "s9"]
    first = training_subjects(cohort, folds=pd.concat([folds, second]), outcome="poor_outcome", fold="1")
    assert first == ["s0", "s2", "s4", "s7", "s8", "s9"]


def test_a_participant_without_a_fold_is_named(cohort, folds):
    with pytest.raises(StudyError, match="poor_outcome: 1 participants have no fold, s8 first"):
        assigned_folds(cohort, folds=folds[folds.subject != "s8"], outcome="poor_outcome")


def test_what_the_validation_rows_hold_changes_nothing_that_is_fitted(block):
    planted = Block(block.name, block.subjects, block.values.copy(), block.columns)
    planted.values[8:] = 1e9
    one, other = (fit_reduction(each, training=8, settings=SETTINGS, seed=0) for each in (block, planted))
    for name in ("low_", "high_", "median_", "kept_", "components_"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_reduced_rows_are_ordered_by_subject_and_named_by_block(block):
    reducer = fit_reduction(block, training=8, settings=SETTINGS, seed=0)
    limits = limits_of(block)
    table = reduce_block(block, reducer=reducer, limits=limits)
    assert list(table) == ["subject", "radiomics_000", "radiomics_001", "radiomics_002"]
    assert table.subject.tolist() == sorted(block.subjects)
    last = table[table.subject == "s11"].iloc[0, 1:].to_numpy(dtype=float)
    assert np.allclose(last, reducer.transform(block.values[:1])[0])


def test_the_card_lists_whom_the_reduction_has_seen(block):
    reducer = fit_reduction(block, training=8, settings=SETTINGS, seed=7)
    reduced = reduce_block(block, reducer=reducer, limits=limits_of(block))
    card = describe_reduction(reducer, block=block, reduced=reduced, training=8, name="x", settings=SETTINGS, seed=7)
    assert card.subjects == block.subjects[:8]
    assert card.limits == {"width": 20, "columns": block.columns}
    assert card.settings["rank"] == 3 and card.settings["seed"] == 7


def test_the_card_tells_what_the_weights_of_the_training_rows_leave(block):
    """By hand: scaled by the training rows' range, and each row's weights by SciPy's non-negative least squares."""
    reducer = fit_reduction(block, training=8, settings=SETTINGS, seed=0)
    reduced = reduce_block(block, reducer=reducer, limits=limits_of(block))
    card = describe_reduction(reducer, block=block, reduced=reduced, training=8, name="x", settings=SETTINGS, seed=0)
    rows = block.values[:8].astype(float)
    scaled = (rows - rows.min(axis=0)) / np.ptp(rows, axis=0)
    left = [nnls(reducer.components_.T.astype(float), row)[1] for row in scaled]
    expected = np.linalg.norm(left) / np.linalg.norm(scaled)
    assert card.scores["relative_error_transformed"] == pytest.approx(expected, rel=1e-6)
    assert expected <= card.scores["relative_error"] * (1 + 1e-6)


def test_columns_other_than_the_fitted_ones_are_refused(block):
    reducer = fit_reduction(block, training=8, settings=SETTINGS, seed=0)
    limits = limits_of(block)
    swapped = Block(block.name, block.subjects, block.values, block.columns[::-1])
    with pytest.raises(StudyError, match="names differ"):
        reduce_block(swapped, reducer=reducer, limits=limits)


def test_nobody_external_gives_an_empty_table(block):
    reducer = fit_reduction(block, training=8, settings=SETTINGS, seed=0)
    nobody = Block("radiomics", [], np.empty((0, 0)), None)
    assert reduce_block(nobody, reducer=reducer, limits={"width": 20}).shape == (0, 4)


def test_a_rank_above_the_training_rows_names_block_and_setting(block):
    with pytest.raises(StudyError, match=r"block radiomics .*config features.* set rank to 2 or less"):
        fit_reduction(block, training=2, settings=SETTINGS, seed=0)


@pytest.mark.parametrize(("row", "who"), [(2, "s9"), (10, "s1")])
def test_an_infinite_value_names_block_participant_and_column(block, row, who):
    reducer = fit_reduction(block, training=8, settings=SETTINGS, seed=0)
    limits = limits_of(block)
    block.values[row, 4] = np.inf
    message = f"radiomics: {who} has infinite features: 1 of 20, column4 first"
    with pytest.raises(DataFault, match=message):
        fit_reduction(block, training=8, settings=SETTINGS, seed=0)
    with pytest.raises(DataFault, match=message):
        reduce_block(block, reducer=reducer, limits=limits)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_latent_that_is_no_finite_number_names_its_participant(value):
    latents = np.ones((3, 5), dtype=np.float32)
    latents[1, 2:4] = value
    with pytest.raises(DataFault, match=r"latent: b has vaegan latents that are not finite: 2 of 5, column 2 first"):
        check_usable(Block("vaegan", ["a", "b", "c"], latents, None))


def test_a_radiomic_feature_may_be_missing(block):
    block.values[3, 3] = np.nan
    check_usable(block)


def test_a_block_without_a_varying_column_is_refused_with_the_reason(block):
    block.values[:] = 1
    with pytest.raises(StudyError, match="block radiomics .* 0 varying columns"):
        fit_reduction(block, training=8, settings=SETTINGS, seed=0)


def test_latents_are_read_in_the_order_asked_for(tmp_path):
    rows = {subject: np.arange(6, dtype=np.float32) + place for place, subject in enumerate("abc")}
    write_store(tmp_path / "x.h5", ((f"{subject}/vaegan", row) for subject, row in rows.items()))
    block = read_block(tmp_path / "x.h5", name="vaegan", subjects=["c", "a"])
    assert block.values.dtype == np.float32
    assert np.array_equal(block.values, [rows["c"], rows["a"]])


def test_an_included_participant_without_latents_is_named(tmp_path):
    write_store(tmp_path / "x.h5", [("a/vaegan", np.zeros(3))])
    with pytest.raises(StudyError, match="no vaegan features of 1 included participants, b first"):
        read_block(tmp_path / "x.h5", name="vaegan", subjects=["a", "b"])


def test_missing_radiomics_cells_stay_missing_until_the_fold_fills_them(tmp_path):
    table = pd.DataFrame({"subject": ["a", "b"], "status": "included", "reason": None})
    table = table.assign(original_shape_Volume=[1.0, None], original_glcm_Contrast=[2.0, 3.0])
    write_table(table, tmp_path / "x.parquet", FEATURES)
    block = read_block(tmp_path / "x.parquet", name="radiomics", subjects=["b", "a"])
    assert block.columns == ["original_shape_Volume", "original_glcm_Contrast"]
    assert np.array_equal(block.values, [[np.nan, 3], [1, 2]], equal_nan=True)
    assert shape_columns(block.columns) == ["original_shape_Volume"]
