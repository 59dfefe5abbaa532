"""What classifiers are given: the seven feature sets, and the comparators' covariates."""

import numpy as np
import pandas as pd
import pytest

from ichdag.classification.feature_matrices import (
    clinical_matrix,
    comparator_matrices,
    feature_matrix,
    read_blocks,
    read_fold_blocks,
    usable_covariates,
)
from ichdag.constants import BLOCKS, FEATURE_SETS
from ichdag.features.schemas import REDUCED
from ichdag.jobs import StudyError
from ichdag.radiomics.schemas import FEATURES
from ichdag.tables import write_table


def block_table(name, width):
    prefix = "original_shape" if name == "shape" else name
    names = [f"{prefix}_{place:03d}" for place in range(width)]
    return pd.DataFrame(np.zeros((2, width)), index=pd.Index(["a", "b"], name="subject"), columns=names)


def test_the_seven_feature_sets_have_the_widths_of_the_paper():
    tables = {block: block_table(block, 128) for block in BLOCKS} | {"shape": block_table("shape", 14)}
    assert [feature_matrix(tables, features=name).shape[1] for name in FEATURE_SETS] == [
        128,
        14,
        128,
        128,
        256,
        384,
        270,
    ]


def test_the_blocks_of_a_set_stand_in_its_order(tables):
    columns = feature_matrix(tables, features="shape+segmentation+vaegan").columns
    assert columns[[0, 1, 2, 4, 5, 7]].str.rsplit("_", n=1).str[0].tolist() == [
        *["original_shape"] * 2,
        *["segmentation"] * 2,
        *["vaegan"] * 2,
    ]


@pytest.fixture
def files(tmp_path):
    """Reduced blocks of two folds by fold and block, each with one value of its own, and the radiomics."""
    paths = {}
    for fold in ("0", "final"):
        for place, block in enumerate(BLOCKS):
            paths[f"{fold}/{block}"] = path = tmp_path / f"{fold}_{block}.parquet"
            value = {"0": 0, "final": 10}[fold] + place
            write_table(pd.DataFrame({"subject": ["a"], f"{block}_000": [float(value)]}), path, REDUCED)
    radiomics = pd.DataFrame({"subject": ["a", "b"], "status": ["included", "excluded"], "reason": [None, "small"]})
    radiomics = radiomics.assign(original_shape_Volume=[4.0, None], original_glcm_Contrast=[1.0, None])
    write_table(radiomics, tmp_path / "radiomics.parquet", FEATURES)
    return paths, tmp_path / "radiomics.parquet"


@pytest.mark.parametrize("order", [list, reversed, sorted])
def test_each_fold_gets_the_blocks_reduced_for_it_in_whatever_order_they_are_given(files, order):
    paths, radiomics = files
    result = read_fold_blocks({name: paths[name] for name in order(list(paths))}, radiomics=radiomics)
    assert feature_matrix(result["0"], features="segmentation+vaegan").loc["a"].tolist() == [1, 2]
    assert feature_matrix(result["final"], features="radiomics+segmentation+vaegan").loc["a"].tolist() == [10, 11, 12]
    assert feature_matrix(result["0"], features="shape").to_dict() == {"original_shape_Volume": {"a": 4.0}}


def test_a_block_under_the_name_of_another_is_refused(files):
    paths, radiomics = files
    swapped = {"radiomics": paths["0/vaegan"], "vaegan": paths["0/radiomics"]}
    with pytest.raises(StudyError, match="0_vaegan.parquet should hold the block radiomics and has column vaegan_000"):
        read_blocks(swapped, radiomics=radiomics)


def test_volume_is_the_logarithm_of_one_plus_milliliters(cohort):
    volume = comparator_matrices(cohort, columns=[])["volume"]
    assert np.allclose(volume.log_baseline_volume, np.log(1 + cohort.baseline_volume_ml))


def test_sex_is_coded_and_covariates_the_sheet_lacks_are_left_out(cohort):
    columns = usable_covariates(cohort, columns=["age", "sex", "gcs"])
    assert columns == ["age", "sex"]
    assert clinical_matrix(cohort, columns=columns).sex.tolist() == [0, 1, 1, 0] * 10


def test_a_covariate_lacking_in_another_cohort_is_missing_in_every_row(cohort):
    table = clinical_matrix(cohort.drop(columns="age"), columns=["age", "sex"])
    assert table.age.isna().all() and table.sex.notna().all()


def test_a_sheet_without_covariates_has_no_clinical_comparator(cohort):
    assert list(comparator_matrices(cohort, columns=[])) == ["volume"]


def test_a_covariate_of_text_is_refused(cohort):
    with pytest.raises(StudyError, match=r"clinical covariate site is text \('north'\)"):
        clinical_matrix(cohort.assign(site="north"), columns=["site"])
