"""Build the feature matrices of feature sets and of comparators, one row per participant."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ichdag.constants import FEATURE_SETS
from ichdag.features.blocks import shape_columns
from ichdag.features.schemas import REDUCED
from ichdag.jobs import StudyError
from ichdag.radiomics.schemas import FEATURES
from ichdag.tables import read_table

SEX = {"F": 0.0, "M": 1.0}
Tables = dict[str, pd.DataFrame]


def read_blocks(reduced: Mapping[str, str | Path], *, radiomics: str | Path) -> Tables:
    """Read reduced blocks, given by name, and the shape features, which are not reduced, each by subject."""
    return {block: _read_reduced(block, path) for block, path in reduced.items()} | {"shape": read_shape(radiomics)}


def read_fold_blocks(reduced: Mapping[str, str | Path], *, radiomics: str | Path) -> dict[str, Tables]:
    """Read blocks as `read_blocks` does, for each fold; names are fold and block, such as "0/vaegan"."""
    shape = read_shape(radiomics)
    folds: dict[str, Tables] = {}
    for name, path in reduced.items():
        fold, _, block = name.partition("/")
        folds.setdefault(fold, {"shape": shape})[block] = _read_reduced(block, path)
    return folds


def read_shape(radiomics: str | Path) -> pd.DataFrame:
    """Read the shape features of the participants whose radiomics were extracted, by subject."""
    table = read_table(radiomics, FEATURES).set_index("subject")
    return table.loc[table.status == "included", shape_columns(list(table))].astype(np.float64)


def feature_matrix(tables: Tables, *, features: str) -> pd.DataFrame:
    """Join the blocks of one feature set side by side, in the order of FEATURE_SETS; by subject, float64.

    ASSUME: an infinite cell is a missing one, which the pipelines impute; the model's card counts imputed cells.
    Blocks have none at this point: participants with infinite features are excluded before, new patients are refused.
    """
    blocks = [tables[block] for block in FEATURE_SETS[features]]
    return _finite(pd.concat(blocks, axis=1, join="inner").astype(np.float64))


def feature_matrices(folds: dict[str, Tables], *, features: str) -> Tables:
    """Build the matrix of one feature set for each fold: every fold has its own reduction."""
    return {fold: feature_matrix(tables, features=features) for fold, tables in folds.items()}


def comparator_matrices(cohort: pd.DataFrame, *, columns: list[str]) -> Tables:
    """Build the covariates of each comparator: volume, and clinical if there are such columns."""
    clinical = {"clinical": clinical_matrix(cohort, columns=columns)} if columns else {}
    return {"volume": volume_matrix(cohort)} | clinical


def volume_matrix(cohort: pd.DataFrame) -> pd.DataFrame:
    """Build one column: logarithm of the baseline hematoma volume. ASSUME: log(1 + mL), so that zero is allowed."""
    volume = cohort.set_index("subject").baseline_volume_ml.astype(np.float64)
    return np.log1p(volume).to_frame("log_baseline_volume")


def clinical_matrix(cohort: pd.DataFrame, *, columns: list[str]) -> pd.DataFrame:
    """Build clinical covariates by subject, sex as F 0 and M 1; a column that the sheet lacks is missing in all rows.

    Raises StudyError if a covariate is text.
    """
    table = cohort.set_index("subject").reindex(columns=columns)
    if "sex" in table:
        table["sex"] = table.sex.map(SEX)
    for column in columns:
        if not pd.api.types.is_numeric_dtype(table[column]) and table[column].notna().any():
            raise StudyError(
                f"clinical covariate {column} is text ('{table[column].dropna().iloc[0]}'): code it as a number in the "
                "participants sheet, or take it out of config classification.clinical"
            )
    return _finite(table.astype(np.float64))


def usable_covariates(cohort: pd.DataFrame, *, columns: list[str]) -> list[str]:
    """Select the covariates that the sheet has and that differ among the included participants."""
    included = cohort[cohort.status == "included"]
    return [column for column in columns if column in included and included[column].nunique() > 1]


def _read_reduced(block: str, path: str | Path) -> pd.DataFrame:
    """Read a reduced block by subject. Raises StudyError if the table is of another block."""
    table = read_table(path, REDUCED).set_index("subject")
    foreign_columns = [column for column in table if not column.startswith(f"{block}_")]
    if foreign_columns:
        raise StudyError(
            f"{path} should hold the block {block} and has column {foreign_columns[0]}: delete it and run again"
        )
    return table


def _finite(table: pd.DataFrame) -> pd.DataFrame:
    return table.replace([np.inf, -np.inf], np.nan)
