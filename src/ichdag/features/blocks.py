"""The feature blocks as matrices: radiomics from a table, latents from a store. Rows are participants."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ichdag.arrays import read_item
from ichdag.finite import fault_of_cells
from ichdag.jobs import DataFault, StudyError
from ichdag.radiomics.schemas import FEATURES
from ichdag.tables import read_table

NOT_FEATURES = ("subject", "status", "reason", "missing")
SHAPE_MARK = "_shape_"


@dataclass(frozen=True)
class Block:
    """One feature block: name, participants, values (n, p), and the columns' names where they have some."""

    name: str
    subjects: list[str]
    values: np.ndarray
    columns: list[str] | None


def read_block(path: str | Path, *, name: str, subjects: list[str]) -> Block:
    """Read one block of these participants, rows in their order: radiomics float64, latents float32 and once.

    Raises StudyError naming participants that the file lacks, or whose latents differ in size.
    """
    if name == "radiomics":
        table = read_table(path, FEATURES).set_index("subject").drop(columns=list(NOT_FEATURES[1:]), errors="ignore")
        _refuse_absent([subject for subject in subjects if subject not in table.index], path=path, name=name)
        return Block(name, subjects, table.loc[subjects].to_numpy(dtype=np.float64, na_value=np.nan), list(table))
    return Block(name, subjects, _read_latents(path, name=name, subjects=subjects), None)


def blank_columns(block: Block, *, names: list[str]) -> Block:
    """The block with these columns missing in every row, so that a reduction that is fitted on it drops them."""
    values = block.values.copy()
    values[:, [column in set(names) for column in block.columns or []]] = np.nan
    return Block(block.name, block.subjects, values, block.columns)


def refuse_unusable(block: Block) -> None:
    """Raise DataFault for the first participant with a feature that is infinite, or a latent that is no number.

    In a study nobody is left who has one: the cohort table leaves them out. A new patient is told so.
    """
    named = block.columns is not None  # then a feature may be lacking, and is filled in
    what, stage = ("features", block.name) if named else (f"{block.name} latents", "latent")
    for subject, row in zip(block.subjects, block.values, strict=True):
        fault = fault_of_cells(row, what=what, names=block.columns, may_lack=named)
        if fault:
            raise DataFault(stage, f"{subject} has {fault}")


def shape_columns(columns: list[str]) -> list[str]:
    """The shape features among radiomic features, in their order."""
    return [column for column in columns if SHAPE_MARK in column]


def _read_latents(path: str | Path, *, name: str, subjects: list[str]) -> np.ndarray:
    """The latents (n, p), float32, filled row by row so that only one matrix is ever held."""
    matrix = np.empty((0, 0), dtype=np.float32)
    for place, subject in enumerate(subjects):
        row = read_item(path, f"{subject}/{name}")
        if row is None:
            _refuse_absent([subject], path=path, name=name)
        if place == 0:
            matrix = np.empty((len(subjects), row.size), dtype=np.float32)
        if row.size != matrix.shape[1]:
            raise StudyError(
                f"{path}: {subject} has {row.size} {name} latents, {subjects[0]} {matrix.shape[1]}: redo latent"
            )
        matrix[place] = row.ravel()
    return matrix


def _refuse_absent(subjects: list[str], *, path: str | Path, name: str) -> None:
    if subjects:
        raise StudyError(
            f"{path} has no {name} features of {len(subjects)} included participants, {subjects[0]} first: "
            "make that file again, or exclude them at their stage"
        )
